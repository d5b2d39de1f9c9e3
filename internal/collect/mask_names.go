package collect

// showing says whether a field's value is shown.
type showing byte

const (
	covered    showing = iota
	plainValue         // it says nothing of who watches
	madeID             // an id that a client made
)

// showingOf is that of a field's name without case and punctuation. Fields that
// no format has are covered, and so are addresses of pages and media, whose
// queries carry tokens and ids.
func showingOf(name string) showing {
	switch name {
	case "id", "sessionid", "playid", "impressionid", "searchid", "messageid", "sid":
		return madeID
	case "type", "time", "sentat", "seq", "titleid", "positionms", "durationms", "live", "fromms", "creativeid", "placement", "rank", "propensity",
		"rate", "country", "region", "city", "devicetype", "os", "browser", "osversion", "browserversion", "appversion", "player", "cdn", "isp",
		"connection", "timezone", "bitratekbps", "droppedframes", "startupms", "errorcode", "errorclass", "errorfatal", "query", "results", "ageband",
		"gender", "plan", "events":
		return plainValue // native
	case "ab", "bg", "bl", "br", "bs", "bsa", "bsd", "bsda", "cen", "cid", "cmsdd", "cmsds", "cs", "d", "dfa", "dl", "e", "ec", "h", "lab", "lb", "ltc",
		"msd", "mtp", "nr", "nrr", "ot", "pb", "pr", "pt", "rc", "rtp", "sf", "sn", "st", "sta", "su", "smrt", "tab", "tb", "tbl", "tpb", "ts", "ttfb",
		"ttfbb", "ttlb", "v", "complayheadpt", "complayheadduration", "complayheadcode":
		return plainValue // CMCD
	case "event", "timestamp", "originaltimestamp", "receivedat", "channel", "version", "build", "library", "locale", "contentassetid",
		"contentassetids", "assetid", "adassetid", "podid", "position", "seekposition", "totallength", "livestream", "bitrate", "framerate",
		"startuptime", "videoplayer", "playbackrate", "speed", "code", "error", "errormessage", "message", "fatal", "sound", "fullscreen", "adenabled",
		"quality", "program", "season", "episode", "genre", "method", "manufacturer", "model", "cellular", "wifi", "bluetooth", "carrier", "width",
		"height", "density", "useragent":
		return plainValue // Segment
	case "playhead", "duration", "contentid", "devicemodel", "contenttitle", "drmtype", "category", "reason", "videobitrate", "audiobitrate":
		return plainValue // EPAS
	case "specversion", "source", "datacontenttype", "dataschema":
		return plainValue // CloudEvents
	}
	return covered
}

// personal are the names, without case and punctuation, of fields whose values
// are covered, whatever they hold.
var personal = map[string]bool{
	"viewerid": true, "anonymousid": true, "userid": true, "viewer": true, "user": true, "anonid": true, "previousid": true, "profileid": true, "accountid": true,
	"customerid": true, "subscriberid": true, "email": true, "mail": true, "emailaddress": true, "phone": true, "phonenumber": true,
	"ip": true, "ipaddress": true, "ipaddr": true, "clientip": true, "remoteaddr": true, "xforwardedfor": true, "username": true,
	"phonenumbers": true, "mobile": true, "mobilenumber": true, "tel": true, "telephone": true, "msisdn": true, "name": true, "surname": true,
	"givenname": true, "familyname": true, "middlename": true, "nickname": true, "displayname": true, "birthday": true, "birthdate": true,
	"dateofbirth": true, "dob": true, "address": true, "street": true, "postalcode": true, "postcode": true, "zip": true, "zipcode": true,
	"avatar": true, "advertisingid": true, "idfa": true, "idfv": true, "gaid": true, "deviceid": true, "latitude": true, "longitude": true,
	"lat": true, "lng": true, "password": true, "token": true, "writekey": true,
	"firstname": true, "lastname": true, "fullname": true, "complayheadviewer": true,
}
