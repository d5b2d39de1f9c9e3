"""Answers for chdb, which is a current ClickHouse as a library, on ClickHouse's HTTP interface.

    python server.py FOLDER      prints the port that it listens on, and serves until its standard input ends

It knows as much of that interface as our driver's client needs: the query in the body, or in the parameter
"query" with rows in the format Native in the body, the database and settings as further parameters. What a query
means, and its answer in the format Native, is chdb's. One query at a time.
"""

import os
import re
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from chdb import session

OWN = {"default_format", "client_protocol_version", "query", "database", "query_id"}


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def text(s):
    return varint(len(s)) + s.encode()


def hello(version):
    """The answer to the client's first question. It reads that one as a block with its header; we say that we
    are of revision 0, of which blocks have none, since chdb writes them so."""
    head = bytes([1, 0, 2]) + (-1).to_bytes(4, "little", signed=True) + bytes([0]) + varint(4) + varint(1)
    columns = [("displayName()", "String", text("chdb")), ("version()", "String", text(version)),
               ("revision()", "UInt32", (0).to_bytes(4, "little")), ("timezone()", "String", text("UTC"))]
    return head + b"".join(text(name) + text(kind) + b"\0" + data for name, kind, data in columns)


class Engine:
    """chdb, one query at a time."""

    def __init__(self, folder):
        self.folder, self.lock = folder, threading.Lock()
        self.session = session.Session(os.path.join(folder, "data"))
        self.version = bytes(self.session.query("SELECT version()", "TSV").bytes()).decode().strip()
        self.defaults = {}

    def run(self, parameters, body):
        with self.lock:
            database = parameters.get("database", "default")
            self.session.query(f"USE {database}")
            settings = {k: v for k, v in parameters.items() if k not in OWN}
            for k in self.defaults.keys() - settings.keys():
                self.session.query(f"SET {k} = DEFAULT")
            for k, v in settings.items():
                if not re.fullmatch(r"\w+", k) or not re.fullmatch(r"\w+", v):
                    raise ValueError(f"setting {k} = {v}")
                if self.defaults.get(k) != v:
                    self.session.query(f"SET {k} = {v}")
            self.defaults = settings
            if "query" not in parameters:
                return bytes(self.session.query(body.decode(), "Native").bytes() or b"")
            insert = re.sub(r"\s+(VALUES|FORMAT Native)\s*$", "", parameters["query"])
            with tempfile.NamedTemporaryFile(dir=self.folder) as rows:
                rows.write(body)
                rows.flush()
                self.session.query(f"{insert} FROM INFILE '{rows.name}' FORMAT Native")
            return b""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        out = bytearray()
        while n := int(self.rfile.readline(), 16):
            out += self.rfile.read(n)
            self.rfile.readline()
        self.rfile.readline()
        return bytes(out)

    def do_POST(self):
        parameters = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self.body()
        try:
            if body.startswith(b"SELECT displayName()"):
                status, answer = 200, hello(self.server.engine.version)
            else:
                status, answer = 200, self.server.engine.run(parameters, body)
        except Exception as e:  # whatever chdb says of the query is the answer
            status, answer = 500, str(e).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.engine = Engine(sys.argv[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], server.engine.version, flush=True)
    sys.stdin.read()
    os._exit(0)


main()
