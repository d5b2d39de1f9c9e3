/** What a page tells of one media element, or of its artwork. Only url and key are needed. */
export interface Options {
    /** The collector: its origin, or the full address of its event path. */
    url: string;
    /** A write key. It may be public; bind it to your origins. */
    key: string;
    /** Your id of what is played. Another title given to update() is another play. */
    title?: string;
    /** Your id of the viewer; it leaves the browser but is pseudonymised before it is stored. */
    viewer?: string;
    /** Your id of the visit; made up, and kept in memory only, when absent. */
    session?: string;
    /** Keep an anonymous id across visits: true (localStorage) or "cookie" (a year). Default: nothing is kept. */
    persist?: boolean | 'cookie';
    /** Keep what could not be sent in localStorage for the next visit. Default: in memory only. */
    store?: boolean;
    /** Report elements with data-playhead-impression. Default: true. */
    impressions?: boolean;
    /** Seconds between two heartbeats of a running player; default 10. */
    heartbeat?: number;
    /** What is streamed now, kbit/s, where the page knows it (from its player library). */
    bitrate?: () => number | undefined;
    /** The artwork and the impression that led to this play, where the page knows them. */
    creative?: string;
    impression?: string;
    placement?: string;
    /** region, city, app_version, player, cdn, isp, … as in the event format. */
    context?: Record<string, string>;
    experiments?: Record<string, string>;
    traits?: Record<string, string>;
    /** Anything else; kept with the start of the play. */
    properties?: Record<string, unknown>;
}
export interface Problem {
    /** The play is over. Default: true. */
    fatal?: boolean;
    /** The viewer may not watch (entitlement, country), as against a technical failure. */
    business?: boolean;
    message?: string;
}
export interface Tracker {
    /** Changes options; another title ends the play and makes what follows the next one. */
    update(options: Partial<Options>): void;
    /** Reports a problem that the element itself cannot know, such as a fatal error of a player library. */
    error(code: string, problem?: Problem): void;
    /** Sends any other event: ad_started, ad_ended, search, rated, listed, identified, exposed. */
    send(type: string, fields?: Record<string, unknown>): void;
    /** Sends what is queued without waiting. */
    flush(): void;
    /** Ends the play and lets go of the element. */
    stop(): void;
}
export interface Playhead {
    /** Tracks a media element; null reports artwork only. The same element gives the same tracker. */
    (video: HTMLMediaElement | null, options: Options): Tracker;
}
export declare const playhead: Playhead;
declare global {
    interface Window {
        playhead: Playhead;
    }
}
