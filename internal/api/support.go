package api

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playhead/internal/access"
	"playhead/internal/audit"
	"playhead/internal/event"
	"playhead/internal/rollup"
	"playhead/internal/support"
)

// Support tells of single plays; *support.Service is one.
type Support interface {
	Key(support.Who) (viewer event.ViewerKey, by string, err error)
	Window(from, to time.Time) (time.Time, time.Time, error)
	Timeline(ctx context.Context, viewer event.ViewerKey, from, to time.Time) (*support.Timeline, error)
	Sample(context.Context, support.SampleAsk) (*support.PlaySample, error)
}

// Audit keeps who looked whom up; *audit.Log is one.
type Audit interface {
	Append(audit.Entry) error
	Recent(n int) (list []audit.Entry, unread int, err error)
}

type timelineInput struct {
	sessionInput
	Body struct {
		support.Who
		From *time.Time `json:"from,omitempty" doc:"Left out: 7 days before to. At most 31 days."`
		To   *time.Time `json:"to,omitempty" doc:"Left out: now."`
	}
}

type timelineOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         support.Timeline
}

// PlayFilter keeps plays whose dimension has one of some values.
type PlayFilter struct {
	Dimension string   `json:"dimension" enum:"title,country,device_type,cdn,region,os,app_version,player,isp"`
	In        []string `json:"in" minItems:"1" maxItems:"100"`
}

type sampleInput struct {
	sessionInput
	Body struct {
		From  *time.Time    `json:"from,omitempty" doc:"Left out: an hour before to. At most 7 days."`
		To    *time.Time    `json:"to,omitempty" doc:"Left out: now."`
		Where []PlayFilter  `json:"where,omitempty" maxItems:"9" doc:"By the values at the play's first frame."`
		Worst support.Worst `json:"worst" enum:"latest,stalls,startup,failures,exits,bitrate" doc:"What plays are ordered by, the worst first; those of which it says nothing are left out."`
		Limit int           `json:"limit,omitempty" minimum:"1" maximum:"100" default:"20"`
	}
}

type sampleOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         support.PlaySample
}

type auditInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"200"`
}

type auditOutput struct {
	Body struct {
		Entries []audit.Entry `json:"entries" doc:"The newest first."`
		Unread  int           `json:"unread" doc:"Lines among them that no entry can be read from."`
	}
}

// whoLooks ends the description of looking a viewer up.
const whoLooks = whoHelps + " Each look-up is written to the audit log first; when that fails there is no answer."

func (s *server) registerSupport() {
	huma.Register(s.api, huma.Operation{
		OperationID: "viewer-timeline", Method: http.MethodPost, Path: "/api/v1/viewers/timeline", Security: needs(access.Support), MaxBodyBytes: 16 << 10,
		Summary: "One viewer's sessions and plays as a timeline of states",
		Description: "A POST, so that the id is in no address and no log of addresses. It is turned into a pseudonym and not kept. Open plays are in it as of " +
			"at most a few seconds ago. " + whoLooks,
	}, s.timeline)
	huma.Register(s.api, huma.Operation{
		OperationID: "sample-plays", Method: http.MethodPost, Path: "/api/v1/plays/sample", Security: readers(), MaxBodyBytes: maxBody,
		Summary: "The worst finished plays of a time, to see what is behind a figure",
		Description: "Whose they are is masked, but for the roles support and admin. Where fewer than min_viewers viewers played, only those roles see them. " +
			whoReads,
	}, s.samplePlays)
	huma.Register(s.api, huma.Operation{
		OperationID: "audit", Method: http.MethodGet, Path: "/api/v1/audit", Security: needs(access.Admin),
		Summary: "Who looked which viewer up, and when", Description: whoAdmins,
	}, func(_ context.Context, in *auditInput) (*auditOutput, error) {
		out := &auditOutput{}
		list, unread, err := s.Audit.Recent(in.Limit)
		if err != nil {
			return nil, s.changed(err)
		}
		out.Body.Entries, out.Body.Unread = append([]audit.Entry{}, list...), unread
		return out, nil
	})
}

func (s *server) timeline(ctx context.Context, in *timelineInput) (*timelineOutput, error) {
	viewer, by, err := s.Support.Key(in.Body.Who)
	if err != nil {
		return nil, s.supported(ctx, err)
	}
	from, to, err := s.Support.Window(at(in.Body.From), at(in.Body.To))
	if err != nil {
		return nil, s.supported(ctx, err)
	}
	who := s.who(in.request)
	err = s.Audit.Append(audit.Entry{
		Time: s.Clock().UTC().Truncate(time.Millisecond), Who: who.Name, Role: string(who.Role), PersonID: who.PersonID, KeyID: who.KeyID,
		Action: "timeline", Viewer: hex.EncodeToString(viewer[:]), By: by, From: from, To: to,
	})
	if err != nil {
		s.Logger.Error("a look-up could not be audited, and was refused", "error", err)
		return nil, huma.NewError(http.StatusServiceUnavailable, "the look-up cannot be written to the audit log, so it is refused; the server's log says why")
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	timeline, err := s.Support.Timeline(ctx, viewer, from, to)
	if err != nil {
		return nil, s.supported(ctx, err)
	}
	return &timelineOutput{"no-store", *timeline}, nil
}

func (s *server) samplePlays(ctx context.Context, in *sampleInput) (*sampleOutput, error) {
	names := dimensionNames()
	ask := support.SampleAsk{
		From: at(in.Body.From), To: at(in.Body.To), Worst: in.Body.Worst, Limit: in.Body.Limit, Named: s.who(in.request).Role.May(access.Support),
	}
	for _, f := range in.Body.Where {
		ask.Where = append(ask.Where, rollup.Filter{Dimension: rollup.Dimension(slices.Index(names[:], f.Dimension)), In: f.In})
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	sample, err := s.Support.Sample(ctx, ask)
	if err != nil {
		return nil, s.supported(ctx, err)
	}
	return &sampleOutput{"no-store", *sample}, nil
}

// supported turns what can go wrong with a question about single plays into
// problem details.
func (s *server) supported(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, support.ErrAsk):
		return huma.NewError(http.StatusUnprocessableEntity, err.Error())
	case errors.Is(err, rollup.ErrNotCovered):
		return huma.NewError(http.StatusUnprocessableEntity, fmt.Sprintf("%v: filter by what a play has one value of", support.ErrAsk))
	}
	return s.asked(ctx, err)
}
