// Made from the API by `npm run types`. Do not edit.

export interface paths {
    "/api/v1/annotations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Launches, deploys and incidents that people wrote down
         * @description They are drawn on every time axis. Who may call it: any read token or signed-in browser (role viewer).
         */
        get: operations["annotations"];
        put?: never;
        /**
         * Write down what happened
         * @description For a deploy script too. Who may call it: a read token or signed-in browser of the role support or admin.
         */
        post: operations["annotate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/annotations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Take an annotation out
         * @description Who may call it: a read token or signed-in browser of the role support or admin.
         */
        delete: operations["remove-annotation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audiences/overlap": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * How far the audiences of titles overlap
         * @description By theta sketches of whole months. Who may call it: any read token or signed-in browser (role viewer).
         */
        post: operations["audience-overlap"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audiences/size": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * How many viewers meet conditions, and what they watch
         * @description From a sample of viewers that is the same on every day and of every title. Sizes are rounded to min_viewers; smaller ones are not told. Who may call it: any read token or signed-in browser (role viewer).
         */
        post: operations["audience-size"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who looked which viewer up, and when
         * @description Who may call it: a read token or signed-in browser of the role admin.
         */
        get: operations["audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalog": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Replace the catalogue by the body, YAML, JSON or CSV
         * @description As replace-catalog, for programs. Who may call it: a read token or signed-in browser of the role admin.
         */
        put: operations["put-catalog"];
        /**
         * Replace the catalogue
         * @description All of it or nothing; what is wrong is said with its line, a line of the detail each. Who may call it: a read token or signed-in browser of the role admin.
         */
        post: operations["replace-catalog"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalog/titles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The catalogue
         * @description Who may call it: any read token or signed-in browser (role viewer).
         */
        get: operations["titles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalog/titles/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One title
         * @description Who may call it: any read token or signed-in browser (role viewer).
         */
        get: operations["title"];
        /**
         * Put one title into the catalogue
         * @description The body is one title, YAML or JSON, with its creatives. Who may call it: a read token or signed-in browser of the role admin.
         */
        put: operations["put-title"];
        post?: never;
        /**
         * Take a title out of the catalogue
         * @description Its figures stay. Who may call it: a read token or signed-in browser of the role admin.
         */
        delete: operations["remove-title"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/tail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What comes in, and why it was refused (server-sent events)
         * @description Query: key, format, type, title, result (accepted, duplicate, ignored, excluded or rejected), reason (a code, a rule or a repair), accepted (true or false). Each message has the event as received (raw, with what is personal masked), what it became, and why. Who may call it: a read token or signed-in browser of the role support or admin.
         */
        get: operations["tail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/insights/affinities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the viewers of a title like, against all viewers
         * @description In whole weeks; without from: 4 weeks. Who may call it: any read token or signed-in browser (role viewer).
         */
        get: operations["insight-affinities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/insights/creatives": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Which artwork brings viewers in, and do they stay
         * @description Without from: all time. basis says what the comparison stands on; only randomised may name a winner. Who may call it: any read token or signed-in browser (role viewer).
         */
        get: operations["insight-creatives"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/insights/launches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Titles aligned at their launch, beside similar ones, and launches that went wrong
         * @description Who may call it: any read token or signed-in browser (role viewer).
         */
        get: operations["insight-launches"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/insights/outliers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Artwork that is off: clickbait, hidden gems, and what is taken or completed more or less than its siblings
         * @description Without from: 7 days. Who may call it: any read token or signed-in browser (role viewer).
         */
        get: operations["insight-outliers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/insights/trends": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What rises and fades, what is searched for in vain, what deserves to be shown
         * @description Without from: 7 days (28 of searches and under_promoted). A longer window is cut to its last 7 days, since it is compared with the same hours of earlier weeks. Who may call it: any read token or signed-in browser (role viewer).
         */
        get: operations["insight-trends"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Write keys and read tokens, without their secrets
         * @description Who may call it: a read token or signed-in browser of the role admin.
         */
        get: operations["keys"];
        put?: never;
        /**
         * Make a key
         * @description The secret is in this answer alone. Who may call it: a read token or signed-in browser of the role admin.
         */
        post: operations["create-key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a key
         * @description It stops working at once. Who may call it: a read token or signed-in browser of the role admin.
         */
        delete: operations["revoke-key"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is true now, five times a second (server-sent events)
         * @description Each message's data is a snapshot: time, concurrent_viewers, events_per_second, freshness_ms, per_minute, top, countries. Who may call it: any read token or signed-in browser (role viewer).
         */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What can be asked: definitions, dimensions, grains, limits
         * @description Who may call it: any read token or signed-in browser (role viewer).
         */
        get: operations["describe-metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who may sign in
         * @description Who may call it: a read token or signed-in browser of the role admin.
         */
        get: operations["people"];
        put?: never;
        /**
         * Let somebody sign in
         * @description Ask for a link next: without one, and without a password, nobody gets in. Who may call it: a read token or signed-in browser of the role admin.
         */
        post: operations["add-person"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Let somebody in no more
         * @description Browsers signed in as them are out at once. Who may call it: a read token or signed-in browser of the role admin.
         */
        delete: operations["remove-person"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{id}/link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a one-time sign-in link for somebody
         * @description Who may call it: a read token or signed-in browser of the role admin.
         */
        post: operations["person-link"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{id}/role": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change what somebody may do
         * @description At once, in browsers that are signed in too. Who may call it: a read token or signed-in browser of the role admin.
         */
        put: operations["set-role"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pipeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Rate, lag, freshness, drop reasons by key, state, sinks, disk
         * @description The counters of /metrics as JSON; rates are the reader's to take. Who may call it: any read token or signed-in browser (role viewer).
         */
        get: operations["pipeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plays/sample": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The worst finished plays of a time, to see what is behind a figure
         * @description Whose they are is masked, but for the roles support and admin. Where fewer than min_viewers viewers played, only those roles see them. Who may call it: any read token or signed-in browser (role viewer).
         */
        post: operations["sample-plays"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for metrics by dimensions, filters, time and grain
         * @description The one way to figures. With a grain, the first column is time and limit counts groups. Who may call it: any read token or signed-in browser (role viewer).
         */
        post: operations["query"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who asks
         * @description Who may call it: any read token or signed-in browser (role viewer).
         */
        get: operations["session"];
        put?: never;
        /**
         * Sign in by name and password
         * @description Sets the cookie of the session. Five wrong passwords in a row make a name wait a minute. Who may call it: anyone.
         */
        post: operations["sign-in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign this browser out
         * @description Who may call it: any read token or signed-in browser (role viewer).
         */
        post: operations["sign-out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set one's own password
         * @description Of who signed in as a person. Who may call it: any read token or signed-in browser (role viewer).
         */
        post: operations["set-password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the server is, and whether events came
         * @description Who may call it: any read token or signed-in browser (role viewer).
         */
        get: operations["status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/titles/{id}/retention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How far into a title its plays went
         * @description reached: share of plays whose furthest position is at or after the bin's start. watched: times the bin was played, per play; rewatches count, so it may pass 1. started: share of plays that began in the bin. Who may call it: any read token or signed-in browser (role viewer).
         */
        get: operations["retention"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/values": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The values of a filter as one types
         * @description From memory. Search texts are those of the last 28 days that enough viewers looked for, the most frequent first. Who may call it: any read token or signed-in browser (role viewer).
         */
        get: operations["values"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/viewers/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * One viewer's sessions and plays as a timeline of states
         * @description A POST, so that the id is in no address and no log of addresses. It is turned into a pseudonym and not kept. Open plays are in it as of at most a few seconds ago. Who may call it: a read token or signed-in browser of the role support or admin. Each look-up is written to the audit log first; when that fails there is no answer.
         */
        post: operations["viewer-timeline"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/views": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Saved views and audiences
         * @description A view is an address of the dashboard under a name. Who may call it: any read token or signed-in browser (role viewer).
         */
        get: operations["views"];
        put?: never;
        /**
         * Save a view for everybody
         * @description Who may call it: any read token or signed-in browser (role viewer).
         */
        post: operations["save-view"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/views/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Take a saved view out
         * @description Who may call it: any read token or signed-in browser (role viewer).
         */
        delete: operations["remove-view"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cmcd": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send CMCD v2 reports (event mode)
         * @description One report a line. The viewer may be in the URL (v). Who may call it: players, apps and servers with a write key, in `Authorization: Bearer`, `X-Playhead-Key` or `?k=`, from the browser origins that the key allows.
         */
        post: operations["send-cmcd"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/epas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send an event of Eyevinn's player analytics (EPAS 0.2)
         * @description The viewer (v), the title and the unit (s or ms) may be in the URL. Who may call it: players, apps and servers with a write key, in `Authorization: Bearer`, `X-Playhead-Key` or `?k=`, from the browser origins that the key allows.
         */
        post: operations["send-epas"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the process runs
         * @description Who may call it: anyone.
         */
        get: operations["healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sign a browser in by a one-time link
         * @description Who may call it: anyone.
         */
        get: operations["login"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Prometheus metrics
         * @description Who may call it: programs on this machine, else any read token (role viewer).
         */
        get: operations["prometheus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/playhead.js": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The browser tracker
         * @description Who may call it: anyone.
         */
        get: operations["tracker"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether it can answer
         * @description Who may call it: anyone.
         */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schema/event.avsc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The native event as an Avro schema
         * @description Who may call it: anyone.
         */
        get: operations["schema-avro"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schema/event.schema.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The native event as JSON Schema
         * @description Who may call it: anyone.
         */
        get: operations["schema-json"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a batch to Segment's HTTP API
         * @description The answer is {success, accepted, duplicate, rejected}. The key may also stand in the body (writeKey) or be the user of Basic. Who may call it: players, apps and servers with a write key, in `Authorization: Bearer`, `X-Playhead-Key` or `?k=`, from the browser origins that the key allows.
         */
        post: operations["send-segment-batch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send native events, as JSON, Avro or in CloudEvents
         * @description One object, an array, lines, or {sent_at, events}; Content-Encoding gzip or zstd. Fields: /schema/event.schema.json and /schema/event.avsc. The answer is {accepted, duplicate, rejected: [{index, field, code, reason}]}, after what was accepted is durable; a bad event spoils no other. Who may call it: players, apps and servers with a write key, in `Authorization: Bearer`, `X-Playhead-Key` or `?k=`, from the browser origins that the key allows.
         */
        post: operations["send-events"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Load history, each record of a file once
         * @description Native events of any age, by lines. Query: id (the file's hash), records (their numbers in it, such as 1-500,502-1000); complete=1 without a body when all was sent. Who may call it: players, apps and servers with a write key, in `Authorization: Bearer`, `X-Playhead-Key` or `?k=`, from the browser origins that the key allows.
         */
        post: operations["import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/settle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close what was sent with the key, as silence would
         * @description For importers and tests. Who may call it: players, apps and servers with a write key, in `Authorization: Bearer`, `X-Playhead-Key` or `?k=`, from the browser origins that the key allows.
         */
        post: operations["settle"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/track": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a track to Segment's HTTP API
         * @description The answer is {success, accepted, duplicate, rejected}. The key may also stand in the body (writeKey) or be the user of Basic. identify, page, screen, group and alias are served in the same way, and so are the short forms b, t, i, p, s, g and a. Who may call it: players, apps and servers with a write key, in `Authorization: Bearer`, `X-Playhead-Key` or `?k=`, from the browser origins that the key allows.
         */
        post: operations["send-segment-track"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AnnotateInputBody: {
            /**
             * @default note
             * @enum {string}
             */
            kind: "launch" | "deploy" | "incident" | "note";
            text: string;
            /**
             * Format: date-time
             * @description When it happened.
             */
            time: string;
            /** @description Of one title; left out: of the whole service. */
            title?: string;
        };
        Annotation: {
            by: string;
            /** Format: date-time */
            created: string;
            id: string;
            kind: string;
            text: string;
            /** Format: date-time */
            time: string;
            title?: string;
        };
        AnnotationsOutputBody: {
            annotations: components["schemas"]["Annotation"][] | null;
        };
        Answer: {
            meta: components["schemas"]["InsightMeta"];
            rows: components["schemas"]["Row"][] | null;
        };
        ApproximateCell: {
            /** @description Name of the column. */
            column: string;
            /**
             * Format: double
             * @description One standard error, relative to the value.
             */
            error: number;
            /**
             * Format: int64
             * @description Index into rows.
             */
            row: number;
        };
        Audience: {
            /** @description Each must be met. */
            all?: components["schemas"]["Condition"][] | null;
            /** @description What it is called in the answer. */
            name: string;
            /** @description None may be met. */
            none?: components["schemas"]["Condition"][] | null;
        };
        AuditOutputBody: {
            /** @description The newest first. */
            entries: components["schemas"]["Entry"][] | null;
            /**
             * Format: int64
             * @description Lines among them that no entry can be read from.
             */
            unread: number;
        };
        Column: {
            /** @description time, a dimension, a metric, or a metric with _previous. */
            name: string;
            /**
             * @description What its cells are; null means no data.
             * @enum {string}
             */
            type: "time" | "string" | "integer" | "number";
            /** @description Unit of a metric; empty for time and dimensions. */
            unit: string;
        };
        Condition: {
            /**
             * @description What was watched, or where and on what.
             * @enum {string}
             */
            dimension: "title" | "show" | "country" | "device_type" | "genre" | "theme" | "cast" | "language";
            /** @description One of these. */
            in: string[] | null;
        };
        Count: {
            labels: {
                [key: string]: string;
            };
            /** @description Without the prefix playhead_, such as collect_rejected_total. */
            name: string;
            /** Format: double */
            value: number;
        };
        Creative: {
            id: string;
            image: string;
            kind: string;
            tags?: string[] | null;
        };
        Definition: {
            /** @description Whether the figures of groups or buckets may be added up. */
            additive: boolean;
            /**
             * Format: double
             * @description Its error; 0 when exact.
             */
            approximate: number;
            /** @description The dimensions that it can be grouped by. */
            by: string[] | null;
            /** @description Which moment decides in which time bucket it counts. */
            dated_by: string;
            /** @description What it is a share or a mean of; empty for sums. */
            denominator: string;
            /** @description What it says, in one or two sentences. */
            description: string;
            /**
             * @description Of what: one standard error relative to the value, or the rank of a quantile.
             * @enum {string}
             */
            error_kind: "" | "relative" | "rank";
            /** @description Whether the error depends on the cell; then meta.approximate says the largest of the answer and meta.approximate_cells each. */
            error_varies: boolean;
            /** @description How it is computed. */
            formula: string;
            /**
             * Format: int64
             * @description 1 if more is better, -1 if less is, 0 if neither.
             * @enum {integer}
             */
            higher_is: -1 | 0 | 1;
            /** @description What queries call it. */
            name: string;
            /** @description Where the definition comes from. */
            source: string;
            /** @description What people call it. */
            title: string;
            /**
             * @description What the number counts; a ratio is 0 to 1.
             * @enum {string}
             */
            unit: "count" | "ms" | "hours" | "ratio" | "index" | "per_hour" | "per_minute" | "kbit/s";
            /**
             * Format: int64
             * @description A changed definition is a new version.
             */
            version: number;
        };
        Description: {
            comparisons: string[] | null;
            dimensions: components["schemas"]["Dimension"][] | null;
            /** @description What makes metrics of metrics: name(metric). */
            functions: components["schemas"]["Function"][] | null;
            grains: string[] | null;
            limits: components["schemas"]["Limits"];
            metrics: components["schemas"]["Definition"][] | null;
            /** @description The zone that days are kept in. */
            report_timezone: string;
        };
        Diff: {
            /** Format: int64 */
            added: number;
            /** Format: int64 */
            changed: number;
            /** Format: int64 */
            removed: number;
            /**
             * Format: int64
             * @description Titles in the new one.
             */
            titles: number;
            /** @description Hash of the new one's contents: equal catalogues have equal versions. */
            version: string;
        };
        Dimension: {
            /** @description The dimension that it is an attribute of; it can only be asked for beside it. */
            attribute_of?: string;
            /** @description Whether cells of it with fewer than min_viewers viewers in a week are suppressed. */
            audience: boolean;
            /** @description What its values are. */
            description: string;
            /** @description Answers by it hold finished plays only and have no latency promise. */
            finished_plays_only: boolean;
            /** @description Whether one play may have several values: it counts in each group, and the total is not the sum of the rows. */
            multi_valued: boolean;
            /** @description What queries call it. */
            name: string;
            /** @description What people call it. */
            title: string;
        };
        Entry: {
            action: string;
            by: string;
            /** Format: date-time */
            from: string;
            /** Format: int32 */
            key_id?: number;
            person_id?: string;
            role: string;
            /** Format: date-time */
            time: string;
            /** Format: date-time */
            to: string;
            /** Format: int64 */
            v: number;
            viewer: string;
            who: string;
        };
        ErrorDetail: {
            /** @description Where the error occurred, e.g. 'body.items[3].tags' or 'path.thing-id' */
            location?: string;
            /** @description Error message text */
            message?: string;
            /** @description The value at the given location */
            value?: unknown;
        };
        ErrorModel: {
            /**
             * @description A human-readable explanation specific to this occurrence of the problem.
             * @example Property foo is required but is missing.
             */
            detail?: string;
            /** @description Optional list of individual error details */
            errors?: components["schemas"]["ErrorDetail"][] | null;
            /**
             * Format: uri
             * @description A URI reference that identifies the specific occurrence of the problem.
             * @example https://example.com/error-log/abc123
             */
            instance?: string;
            /**
             * Format: int64
             * @description HTTP status code
             * @example 400
             */
            status?: number;
            /**
             * @description A short, human-readable summary of the problem type. This value should not change between occurrences of the error.
             * @example Bad Request
             */
            title?: string;
            /**
             * Format: uri
             * @description A URI reference to human-readable documentation for the error.
             * @default about:blank
             * @example https://example.com/errors/example
             */
            type: string;
        };
        Function: {
            /** @description What it says. */
            description: string;
            /** @description How it is computed. */
            formula: string;
            /** @description Asked for as name(metric). */
            name: string;
            /** @description The metrics that it can be taken of. */
            of: string[] | null;
            /** @description What people call it. */
            title: string;
        };
        History: {
            /**
             * Format: int64
             * @description Parts that are in.
             */
            done: number;
            /**
             * Format: int64
             * @description Parts there will be.
             */
            total: number;
        };
        InsightMeta: {
            /** @description The metrics it was made of, as the metric layer defines them. */
            definitions: components["schemas"]["UsedMetric"][] | null;
            /** Format: double */
            elapsed_ms: number;
            engine: string;
            /** @description What the estimates are. */
            estimate: string;
            /** @description When this was found, of days that were over: it was stored, and is told as it was found. */
            found_at?: string;
            /** @description Everything received before this moment is in. */
            fresh_to: string;
            from: string;
            /** @description When what is usual on the service was last learnt. */
            learnt_at?: string;
            /** @description What n counts. */
            n: string;
            rollup: string;
            /**
             * Format: int64
             * @description Cells left out because too few viewers are in them.
             */
            suppressed: number;
            to: string;
            warnings: string[] | null;
        };
        Key: {
            /** Format: date-time */
            created: string;
            /**
             * Format: double
             * @description Bound on what it may send; 0 means none.
             */
            events_per_second: number;
            id: string;
            /** @enum {string} */
            kind: "write" | "read";
            name: string;
            /** @description Browser origins that may use it; none means all. */
            origins: string[] | null;
            /**
             * Format: date-time
             * @description null while it works.
             */
            revoked: string | null;
            /** @description Of read tokens. */
            role?: string;
        };
        KeysOutputBody: {
            keys: components["schemas"]["Key"][] | null;
        };
        Limits: {
            /**
             * Format: int64
             * @description Dimensions of a query.
             */
            dimensions: number;
            /**
             * Format: int64
             * @description Filters of a query.
             */
            filters: number;
            /**
             * Format: int64
             * @description How long cells of an hour are kept.
             */
            hour_days: number;
            /**
             * Format: int64
             * @description Metrics of a query.
             */
            metrics: number;
            /**
             * Format: int64
             * @description Cells of value × week of audience dimensions with fewer viewers are left out.
             */
            min_viewers: number;
            /**
             * Format: int64
             * @description How long cells of 10 s are kept.
             */
            pulse_hours: number;
            /**
             * Format: int64
             * @description Rows of an answer.
             */
            rows: number;
            /**
             * Format: int64
             * @description Values of a filter.
             */
            values: number;
        };
        LinkOutputBody: {
            /** @description Works once, for 15 minutes, on this server. */
            path: string;
        };
        Meta: {
            /** @description Error of each approximate metric of the answer: one standard error relative to the value, of quantiles the error of their rank. */
            approximate: {
                [key: string]: number;
            };
            /** @description Errors of the cells of metrics whose error varies. */
            approximate_cells?: components["schemas"]["ApproximateCell"][] | null;
            /**
             * Format: int64
             * @description How many stored cells were read.
             */
            cells_read: number;
            /**
             * Format: double
             * @description Time it took, in ms.
             */
            elapsed_ms: number;
            /** @description What scanned it. */
            engine: string;
            /** @description Everything received before this moment is in; empty when nothing ever was. */
            fresh_to: string;
            /** @description Start of the range that was answered. */
            from: string;
            /**
             * Format: int64
             * @description How many groups there were before the limit.
             */
            groups: number;
            /** @description Whether there may be more groups than that: those that could not be among the first were not looked at. */
            groups_pruned?: boolean;
            /**
             * Format: double
             * @description Share of the plays in the answer that have a real viewer, 0 to 1.
             */
            identity_coverage: number;
            /** @description Impressions since then are too young to be in take rates. */
            maturing_from?: string;
            /** @description Start of the range compared with. */
            previous_from?: string;
            /** @description End of the range compared with. */
            previous_to?: string;
            /**
             * @description The roll-up that answered; several, with + between them, when narrower cells answered the ends of the range, or several metrics needed several.
             * @example title_day
             */
            rollup: string;
            /**
             * Format: int64
             * @description How many cells are null because too few viewers are in them.
             */
            suppressed: number;
            /** @description Which. */
            suppressed_cells: components["schemas"]["SuppressedCell"][] | null;
            /**
             * Format: int64
             * @description How many cells of value × week were left out of the sums because too few viewers are in them.
             */
            suppressed_groups?: number;
            /** @description The zone that buckets were cut in. */
            timezone: string;
            /** @description End of the range that was answered. */
            to: string;
            /** @description Whether the answer was cut at the bound on rows. */
            truncated: boolean;
            /** @description What a reader should know about this answer. */
            warnings: string[] | null;
        };
        NewKeyInputBody: {
            /** Format: double */
            events_per_second?: number;
            /** @enum {string} */
            kind: "write" | "read";
            /** @description Left out: write-1, write-2, … */
            name?: string;
            origins?: string[] | null;
            /**
             * @description Of a read token; viewer when left out.
             * @enum {string}
             */
            role?: "viewer" | "support" | "admin";
        };
        NewKeyOutputBody: {
            key: components["schemas"]["Key"];
            /** @description Shown now and never again. */
            secret: string;
        };
        NewPersonInputBody: {
            name: string;
            /** @enum {string} */
            role: "viewer" | "support" | "admin";
        };
        Order: {
            /**
             * @description A returned column or any metric.
             * @example plays
             */
            by: string;
            /** @description Largest first. */
            desc?: boolean;
        };
        OverlapInputBody: {
            /**
             * Format: date-time
             * @description Left out: 28 days before to. In whole months.
             */
            from?: string;
            /** @description Whose audiences. */
            titles: string[] | null;
            /**
             * Format: date-time
             * @description Left out: now.
             */
            to?: string;
        };
        PasswordInputBody: {
            /** @description The password until now; needed when there is one. */
            current?: string;
            /** @description 10 to 72 bytes. */
            password: string;
        };
        PeopleOutputBody: {
            people: components["schemas"]["Person"][] | null;
        };
        Person: {
            /** Format: date-time */
            created: string;
            id: string;
            name: string;
            /** @description Whether a password is set; without one, one-time links sign in. */
            password: boolean;
            /** @enum {string} */
            role: "viewer" | "support" | "admin";
        };
        Pipeline: {
            /** @description Counters with labels. */
            counts: components["schemas"]["Count"][] | null;
            /** @description Counters and gauges without labels by name, as /metrics has them without the prefix playhead_. */
            figures: {
                [key: string]: number;
            };
            /** Format: date-time */
            time: string;
            /** @description Times that requests took, by format. */
            waits: components["schemas"]["Wait"][] | null;
        };
        Play: {
            app_version: string;
            /**
             * Format: int64
             * @description Mean over the time that it was known; null when it never was.
             */
            bitrate_kbps: number | null;
            cdn: string;
            completed: boolean;
            country: string;
            /** @description The picture that the play is attributed to. */
            creative?: string;
            /** @description There are more states than these. */
            cut: boolean;
            device_type: string;
            /** Format: int64 */
            dropped_frames: number;
            /**
             * Format: int64
             * @description Of the title; null when it is not known, or live.
             */
            duration_ms: number | null;
            /**
             * Format: date-time
             * @description null of an open play.
             */
            ended: string | null;
            error_class?: string;
            error_code?: string;
            /**
             * Format: date-time
             * @description null when there was none.
             */
            first_frame: string | null;
            /** Format: date-time */
            from: string;
            /**
             * Format: int64
             * @description The furthest position in the title; null when the player sent none.
             */
            furthest_ms: number | null;
            isp: string;
            live: boolean;
            /** Format: int64 */
            media_ms: number;
            /** @description The state of an open play, as of its last evidence. */
            now?: string;
            os: string;
            /** @enum {string} */
            outcome: "open" | "ended" | "failed" | "left" | "silence";
            /**
             * Format: int32
             * @description From 0; more where the player was silent for 30 minutes and went on.
             */
            part: number;
            placement?: string;
            /** @description The play's keyed hash, 32 hexadecimal digits. */
            play: string;
            player: string;
            region: string;
            /**
             * Format: date-time
             * @description null for a part that has no request of its own.
             */
            requested: string | null;
            /** Format: int64 */
            stall_ms: number;
            /** Format: int32 */
            stalls: number;
            /**
             * Format: int64
             * @description null when it is not known.
             */
            startup_ms: number | null;
            states: components["schemas"]["PlayState"][] | null;
            title: string;
            /** Format: date-time */
            to: string;
            /** Format: int64 */
            watched_ms: number;
        };
        PlayFilter: {
            /** @enum {string} */
            dimension: "title" | "country" | "device_type" | "cdn" | "region" | "os" | "app_version" | "player" | "isp";
            in: string[] | null;
        };
        PlaySample: {
            /** Format: date-time */
            from: string;
            /** @description There are more plays than the limit. */
            more: boolean;
            plays: components["schemas"]["SamplePlay"][] | null;
            /** @description Fewer viewers than min_viewers played; plays are shown to the roles support and admin only. */
            suppressed: boolean;
            /** Format: date-time */
            to: string;
        };
        PlaySession: {
            /** Format: date-time */
            from: string;
            /** @description The earliest first. */
            plays: components["schemas"]["Play"][] | null;
            /** Format: date-time */
            to: string;
        };
        PlayState: {
            /** @description Where it differs from the play's. */
            cdn?: string;
            /** Format: date-time */
            from: string;
            /** @description Where it differs from the play's. */
            isp?: string;
            /** @enum {string} */
            state: "startup" | "playing" | "seeking" | "stalled" | "seek_stalled" | "paused" | "ad";
            /** Format: date-time */
            to: string;
        };
        Query: {
            /**
             * @description Adds a column <metric>_previous for each metric: of the window of equal length just before, or of the same window a year ago.
             * @default none
             * @enum {string}
             */
            compare: "none" | "previous" | "year";
            /**
             * @description What to group by; none gives one row (a bucket).
             * @example [
             *       "title"
             *     ]
             */
            dimensions?: string[] | null;
            /**
             * @description Start of the range, included: RFC 3339, or YYYY-MM-DD for midnight in timezone. Left out: all time.
             * @example 2026-11-01T00:00:00Z
             */
            from?: string;
            /**
             * @description Width of time buckets; a first column time is added.
             * @default none
             * @enum {string}
             */
            grain: "none" | "10s" | "minute" | "hour" | "day" | "week" | "month";
            /**
             * Format: int64
             * @description At most so many rows; with a grain, groups.
             */
            limit?: number;
            /**
             * @description What to compute; see GET /api/v1/metrics.
             * @example [
             *       "plays",
             *       "viewers"
             *     ]
             */
            metrics: string[] | null;
            /** @description Left out: by the first metric, largest first; with a grain, by time. */
            order?: components["schemas"]["Order"][] | null;
            /** @description Adds to each bucket one row for the groups beyond the limit; its dimensions are null. */
            others?: boolean;
            /**
             * @description IANA time zone in which hours, days, weeks (from Monday) and months are cut and times are written. Left out: the report time zone.
             * @example Europe/Berlin
             */
            timezone?: string;
            /**
             * @description End of the range, not included. Left out: now.
             * @example 2026-11-02T00:00:00Z
             */
            to?: string;
            /** @description Adds totals: one row (a bucket) over all groups, those beyond the limit too. It is not the sum of the rows. */
            totals?: boolean;
            /** @description Filters; all must hold. */
            where?: components["schemas"]["Where"][] | null;
        };
        Result: {
            /** @description What the cells of each row are. */
            columns: components["schemas"]["Column"][] | null;
            /** @description How the answer came about. */
            meta: components["schemas"]["Meta"];
            /** @description One array of cells a row. */
            rows: (unknown[] | null)[] | null;
            /** @description When asked for: one row a bucket over all groups, its dimensions null. */
            totals?: (unknown[] | null)[] | null;
        };
        RetentionMeta: {
            /**
             * Format: int64
             * @description Width of a position bin.
             */
            bin_ms: number;
            /**
             * Format: int64
             * @description Longest duration that a play gave.
             */
            duration_ms: number;
            /** Format: double */
            elapsed_ms: number;
            fresh_to: string;
            /**
             * Format: int64
             * @description Finished plays with a first frame, a position and a duration.
             */
            plays: number;
            warnings: string[] | null;
        };
        RetentionTable: {
            columns: components["schemas"]["Column"][] | null;
            meta: components["schemas"]["RetentionMeta"];
            /** @description [by,] position_ms, reached, watched, started, plays. */
            rows: (unknown[] | null)[] | null;
        };
        RoleInputBody: {
            /** @enum {string} */
            role: "viewer" | "support" | "admin";
        };
        Row: {
            /** @description What a comparison stands on: randomised, adjusted or raw; observed where nothing is compared. Only randomised may say what brings viewers in. */
            basis: string;
            /** @description What it is about: an id of a creative or title, or kind:value of a label. */
            entity: string;
            /**
             * Format: double
             * @description The figure; meta.estimate says which. Null where there is none.
             */
            estimate: number | null;
            /** @description What else is known, by name. */
            evidence: {
                [key: string]: unknown;
            };
            /**
             * Format: double
             * @description Upper end of its 95 % interval.
             */
            high: number | null;
            /** @description What sort of finding it is. */
            kind: string;
            /**
             * Format: double
             * @description Lower end of its 95 % interval.
             */
            low: number | null;
            /**
             * Format: int64
             * @description How many viewers (meta.n says of what) it stands on.
             */
            n: number;
        };
        SampleInputBody: {
            /**
             * Format: date-time
             * @description Left out: an hour before to. At most 7 days.
             */
            from?: string;
            /**
             * Format: int64
             * @default 20
             */
            limit: number;
            /**
             * Format: date-time
             * @description Left out: now.
             */
            to?: string;
            /** @description By the values at the play's first frame. */
            where?: components["schemas"]["PlayFilter"][] | null;
            /**
             * @description What plays are ordered by, the worst first; those of which it says nothing are left out.
             * @enum {string}
             */
            worst: "latest" | "stalls" | "startup" | "failures" | "exits" | "bitrate";
        };
        SamplePlay: {
            app_version: string;
            /**
             * Format: int64
             * @description Mean over the time that it was known; null when it never was.
             */
            bitrate_kbps: number | null;
            cdn: string;
            completed: boolean;
            country: string;
            /** @description The picture that the play is attributed to. */
            creative?: string;
            /** @description There are more states than these. */
            cut: boolean;
            device_type: string;
            /** Format: int64 */
            dropped_frames: number;
            /**
             * Format: int64
             * @description Of the title; null when it is not known, or live.
             */
            duration_ms: number | null;
            /**
             * Format: date-time
             * @description null of an open play.
             */
            ended: string | null;
            error_class?: string;
            error_code?: string;
            /**
             * Format: date-time
             * @description null when there was none.
             */
            first_frame: string | null;
            /** Format: date-time */
            from: string;
            /**
             * Format: int64
             * @description The furthest position in the title; null when the player sent none.
             */
            furthest_ms: number | null;
            isp: string;
            live: boolean;
            /** @description The first four digits of the viewer's pseudonym: enough to see that two plays are of one viewer, not of whom. */
            masked: string;
            /** Format: int64 */
            media_ms: number;
            /** @description The state of an open play, as of its last evidence. */
            now?: string;
            os: string;
            /** @enum {string} */
            outcome: "open" | "ended" | "failed" | "left" | "silence";
            /**
             * Format: int32
             * @description From 0; more where the player was silent for 30 minutes and went on.
             */
            part: number;
            placement?: string;
            /** @description The play's keyed hash, 32 hexadecimal digits. */
            play: string;
            player: string;
            region: string;
            /**
             * Format: date-time
             * @description null for a part that has no request of its own.
             */
            requested: string | null;
            /** Format: int64 */
            stall_ms: number;
            /** Format: int32 */
            stalls: number;
            /**
             * Format: int64
             * @description null when it is not known.
             */
            startup_ms: number | null;
            states: components["schemas"]["PlayState"][] | null;
            title: string;
            /** Format: date-time */
            to: string;
            /** @description The pseudonym, to ask for the timeline by; only for the roles support and admin. */
            viewer?: string;
            /** Format: int64 */
            watched_ms: number;
        };
        SaveViewInputBody: {
            name: string;
            /**
             * @description Address of the dashboard, from the first /.
             * @example /quality?range=3h
             */
            path: string;
        };
        Session: {
            demo: boolean;
            name: string;
            role: string;
        };
        SignInInputBody: {
            name: string;
            password: string;
        };
        SizeInputBody: {
            /** @description Each must be met. */
            all?: components["schemas"]["Condition"][] | null;
            /** @description Other audiences: how many viewers are in both is told in rows of kind overlap. */
            beside?: components["schemas"]["Audience"][] | null;
            /**
             * Format: date-time
             * @description Left out: 28 days before to. In whole days.
             */
            from?: string;
            /** @description None may be met. */
            none?: components["schemas"]["Condition"][] | null;
            /**
             * Format: date-time
             * @description Left out: now.
             */
            to?: string;
        };
        Status: {
            /** @description Whether the audience is invented. */
            demo: boolean;
            /**
             * Format: int64
             * @description Events processed since this start.
             */
            events_total: number;
            /**
             * Format: date-time
             * @description When the earliest figure that is kept dates from; null when nothing came yet.
             */
            first_event_at: string | null;
            /**
             * Format: date-time
             * @description Everything received before this moment is in the figures.
             */
            fresh_to: string;
            /** @description Progress of the demo's past; null without one. */
            history: components["schemas"]["History"];
            report_timezone: string;
            version: string;
            /** @description Where players and apps send events. */
            write_url: string;
        };
        SuppressedCell: {
            /** @description Name of the column. */
            column: string;
            /**
             * Format: int64
             * @description Index into rows.
             */
            row: number;
        };
        Timeline: {
            /** Format: date-time */
            from: string;
            /** @description There are more plays in the time asked for; the earlier ones are left out. */
            more: boolean;
            /** Format: int64 */
            plays: number;
            /** @description The latest first. Plays without a gap of over 30 minutes; browsing alone is not in it. */
            sessions: components["schemas"]["PlaySession"][] | null;
            /** Format: date-time */
            to: string;
            /** @description The pseudonym, 32 hexadecimal digits. */
            viewer: string;
        };
        TimelineInputBody: {
            /** @description The anonymous id as the app sends it. */
            anonymous_id?: string;
            /**
             * Format: date-time
             * @description Left out: 7 days before to. At most 31 days.
             */
            from?: string;
            /**
             * Format: date-time
             * @description Left out: now.
             */
            to?: string;
            /** @description A pseudonym: 32 hexadecimal digits. */
            viewer?: string;
            /** @description The id as the app sends it. It is turned into a pseudonym and forgotten. */
            viewer_id?: string;
        };
        Title: {
            cast: string[] | null;
            creatives: components["schemas"]["Creative"][] | null;
            genres: string[] | null;
            /**
             * Format: int64
             * @description Colour of its drawn artwork, degrees.
             */
            hue: number;
            id: string;
            kind: string;
            language?: string;
            /** @description The day it came to the service. */
            launched?: string;
            name: string;
            origin?: string;
            /** Format: int64 */
            runtime_ms: number;
            /** @description The series that an episode or a season belongs to. */
            show?: string;
            themes: string[] | null;
            /** Format: int64 */
            year: number;
        };
        TitlesOutputBody: {
            titles: components["schemas"]["Title"][] | null;
        };
        UploadInputBody: {
            /** @description The catalogue as YAML or JSON. */
            text: string;
        };
        UsedMetric: {
            formula: string;
            name: string;
            title: string;
        };
        Value: {
            /** @description What people call it. */
            label: string;
            value: string;
        };
        ValuesOutputBody: {
            values: components["schemas"]["Value"][] | null;
        };
        View: {
            by: string;
            /** Format: date-time */
            created: string;
            id: string;
            name: string;
            path: string;
        };
        ViewsOutputBody: {
            views: components["schemas"]["View"][] | null;
        };
        Wait: {
            buckets: components["schemas"]["WaitBucket"][] | null;
            /** Format: int64 */
            count: number;
            labels: {
                [key: string]: string;
            };
            name: string;
            /**
             * Format: double
             * @description Seconds.
             */
            sum: number;
        };
        WaitBucket: {
            /** Format: int64 */
            count: number;
            /** Format: double */
            seconds: number;
        };
        Where: {
            /**
             * @description A dimension's name.
             * @example country
             */
            dimension: string;
            /**
             * @description Values, at least one.
             * @example [
             *       "US"
             *     ]
             */
            in: string[] | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    annotations: {
        parameters: {
            query?: {
                /** @description Left out: from the first. */
                from?: string;
                /** @description Not included. Left out: to the last. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnnotationsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    annotate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AnnotateInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Annotation"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "remove-annotation": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "audience-overlap": {
        parameters: {
            query?: {
                format?: "json" | "csv" | "parquet";
            };
            header?: {
                Accept?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OverlapInputBody"];
            };
        };
        responses: {
            /** @description The findings */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    "Playhead-Meta"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer"];
                    "application/vnd.apache.parquet": string;
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "audience-size": {
        parameters: {
            query?: {
                format?: "json" | "csv" | "parquet";
            };
            header?: {
                Accept?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SizeInputBody"];
            };
        };
        responses: {
            /** @description The findings */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    "Playhead-Meta"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer"];
                    "application/vnd.apache.parquet": string;
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    audit: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "put-catalog": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": string;
                "application/octet-stream": string;
                "application/yaml": string;
                "text/csv": string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Diff"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "replace-catalog": {
        parameters: {
            query?: {
                /** @description Only say what it would change, and what is wrong with it. */
                check?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UploadInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Diff"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    titles: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TitlesOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    title: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Title"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "put-title": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": string;
                "application/octet-stream": string;
                "application/yaml": string;
                "text/csv": string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Diff"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "remove-title": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Diff"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    tail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "insight-affinities": {
        parameters: {
            query: {
                /** @description Start of the range, RFC 3339 or YYYY-MM-DD (UTC). Left out: what each insight says. */
                from?: string;
                /** @description End of the range, not included. Left out: now. */
                to?: string;
                /** @description How the answer is written; left out: as Accept says, else JSON. Files hold the rows, evidence as JSON; their meta is in the header Playhead-Meta. */
                format?: "json" | "csv" | "parquet";
                /** @description Whose viewers. */
                title: string;
                /** @description Those of the title's takers whom this creative brought, against all of its takers. */
                creative?: string;
                /** @description Only labels of this kind. */
                kind?: "genre" | "theme" | "cast" | "language";
                limit?: number;
            };
            header?: {
                Accept?: string;
                /** @description no-cache: work it out now, though an answer is kept. */
                "Cache-Control"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The findings */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    "Playhead-Meta"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer"];
                    "application/vnd.apache.parquet": string;
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "insight-creatives": {
        parameters: {
            query: {
                /** @description Start of the range, RFC 3339 or YYYY-MM-DD (UTC). Left out: what each insight says. */
                from?: string;
                /** @description End of the range, not included. Left out: now. */
                to?: string;
                /** @description How the answer is written; left out: as Accept says, else JSON. Files hold the rows, evidence as JSON; their meta is in the header Playhead-Meta. */
                format?: "json" | "csv" | "parquet";
                /** @description The title whose creatives are compared. */
                title: string;
                /** @description Only there. */
                country?: string;
                /** @description Tells the creatives apart by each value of it. By tag they are put together by what the catalogue says is in their pictures. */
                by?: "country" | "placement" | "device_type" | "affinity" | "tag";
                /** @description Adds media_minutes_per_viewer_reached: the media time of the plays that each creative was taken for, by viewers reached. Read from single plays, as far back as those are kept; slow on a large service. Not together with by. */
                media?: boolean;
            };
            header?: {
                Accept?: string;
                /** @description no-cache: work it out now, though an answer is kept. */
                "Cache-Control"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The findings */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    "Playhead-Meta"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer"];
                    "application/vnd.apache.parquet": string;
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "insight-launches": {
        parameters: {
            query?: {
                /** @description Compare these, separated by commas; left out: what was launched lately. */
                titles?: string[] | null;
                /** @description Compare these instead, separated by commas, by day since each was first shown, beside the creatives of similar titles. */
                creatives?: string[] | null;
                /** @description Launched (or first shown) in so many last days. */
                within?: number;
                /** @description Days since launch that are set side by side. */
                days?: number;
                format?: "json" | "csv" | "parquet";
            };
            header?: {
                Accept?: string;
                /** @description no-cache: work it out now, though an answer is kept. */
                "Cache-Control"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The findings */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    "Playhead-Meta"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer"];
                    "application/vnd.apache.parquet": string;
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "insight-outliers": {
        parameters: {
            query?: {
                /** @description Start of the range, RFC 3339 or YYYY-MM-DD (UTC). Left out: what each insight says. */
                from?: string;
                /** @description End of the range, not included. Left out: now. */
                to?: string;
                /** @description How the answer is written; left out: as Accept says, else JSON. Files hold the rows, evidence as JSON; their meta is in the header Playhead-Meta. */
                format?: "json" | "csv" | "parquet";
                /** @description Only of this title; left out: of the whole catalogue. */
                title?: string;
            };
            header?: {
                Accept?: string;
                /** @description no-cache: work it out now, though an answer is kept. */
                "Cache-Control"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The findings */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    "Playhead-Meta"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer"];
                    "application/vnd.apache.parquet": string;
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "insight-trends": {
        parameters: {
            query?: {
                /** @description Start of the range, RFC 3339 or YYYY-MM-DD (UTC). Left out: what each insight says. */
                from?: string;
                /** @description End of the range, not included. Left out: now. */
                to?: string;
                /** @description How the answer is written; left out: as Accept says, else JSON. Files hold the rows, evidence as JSON; their meta is in the header Playhead-Meta. */
                format?: "json" | "csv" | "parquet";
                /** @description Whose shares move; query is what is searched for and not found, under_promoted titles that hold those who find them and are little shown. */
                dimension?: "genre" | "theme" | "cast" | "language" | "show" | "title" | "query" | "under_promoted";
                /** @description Only there. */
                country?: string;
                /** @description Of search texts, so that word endings do not matter. */
                language?: "english" | "spanish" | "french" | "russian" | "swedish" | "norwegian" | "hungarian";
                limit?: number;
            };
            header?: {
                Accept?: string;
                /** @description no-cache: work it out now, though an answer is kept. */
                "Cache-Control"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The findings */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    "Playhead-Meta"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer"];
                    "application/vnd.apache.parquet": string;
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    keys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeysOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "create-key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewKeyInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKeyOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "revoke-key": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "describe-metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Description"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    people: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PeopleOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "add-person": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPersonInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Person"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "remove-person": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "person-link": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LinkOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "set-role": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleInputBody"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    pipeline: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pipeline"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "sample-plays": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SampleInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaySample"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    query: {
        parameters: {
            query?: {
                /** @description How the answer is written; left out: as Accept says, else JSON. Files hold the rows; their meta is in the header Playhead-Meta. */
                format?: "json" | "csv" | "parquet";
            };
            header?: {
                /** @description application/json, text/csv or application/vnd.apache.parquet. */
                Accept?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Query"];
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    "Playhead-Meta"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Result"];
                    "application/vnd.apache.parquet": string;
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignInInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "set-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordInputBody"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    retention: {
        parameters: {
            query?: {
                /** @description One curve for each value. season: of a show, by the ids of its seasons. device_type has a roll-up; the others but season read the title's single plays, as long as those are kept. */
                by?: "none" | "device_type" | "country" | "season" | "os" | "app_version" | "player" | "cdn" | "isp";
                /** @description Start of the range; whole days count. Left out: all time. */
                from?: string;
                /** @description End of the range. Left out: now. */
                to?: string;
            };
            header?: never;
            path: {
                /** @description The title's id; of a show or a season, its episodes count together. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RetentionTable"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    values: {
        parameters: {
            query: {
                /** @description Which dimension. */
                dimension: "title" | "country" | "device_type" | "cdn" | "region" | "os" | "app_version" | "player" | "isp" | "creative" | "placement" | "rank" | "affinity" | "genre" | "theme" | "cast" | "language" | "query" | "show";
                /** @description What was typed; for titles it may be any part of the name. */
                prefix?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ValuesOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "viewer-timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TimelineInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Timeline"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    views: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ViewsOutputBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "save-view": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SaveViewInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["View"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "remove-view": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "send-cmcd": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/cmcd": unknown;
                "text/plain": unknown;
            };
        };
        responses: {
            /** @description Taken, and durable */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Problem details (RFC 9457) */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    "send-epas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": unknown;
            };
        };
        responses: {
            /** @description Taken, and durable */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Problem details (RFC 9457) */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    prometheus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    tracker: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "schema-avro": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "schema-json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "send-segment-batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": unknown;
                "text/plain": unknown;
            };
        };
        responses: {
            /** @description Taken, and durable */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Problem details (RFC 9457) */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    "send-events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/cloudevents+json": unknown;
                "application/cloudevents-batch+json": unknown;
                "application/json": unknown;
                "application/x-ndjson": unknown;
                "avro/binary": unknown;
            };
        };
        responses: {
            /** @description Taken, and durable */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Problem details (RFC 9457) */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    import: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-ndjson": unknown;
            };
        };
        responses: {
            /** @description Taken, and durable */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Problem details (RFC 9457) */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    settle: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Taken, and durable */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Problem details (RFC 9457) */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
    "send-segment-track": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": unknown;
                "text/plain": unknown;
            };
        };
        responses: {
            /** @description Taken, and durable */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Problem details (RFC 9457) */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
            /** @description Problem details (RFC 9457) */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": unknown;
                };
            };
        };
    };
}
