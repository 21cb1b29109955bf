import http.server
import json
import threading
import urllib.error
import urllib.request
import http.client
import xmlrpc.client
import xmlrpc.server


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/missing":
            self.send_error(404, "Not here")
            return
        body = json.dumps({"path": self.path, "agent": self.headers["User-Agent"].split("/")[0]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.end_headers()
        self.wfile.write(body[::-1])

    def log_message(self, form, *args):
        print("log:", form % args)


with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
    threading.Thread(target=server.serve_forever).start()
    url = f"http://127.0.0.1:{server.server_port}"
    with urllib.request.urlopen(url + "/a?b=c") as response:
        print(response.status, response.headers["Content-Type"], json.load(response))
    print(urllib.request.urlopen(url, data=b"posted").read())
    try:
        urllib.request.urlopen(url + "/missing")
    except urllib.error.HTTPError as error:
        print(error, error.read()[:15])
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
    connection.request("GET", "/client", headers={"User-Agent": "mine/1"})
    print(connection.getresponse().read())
    connection.close()
    server.shutdown()
with xmlrpc.server.SimpleXMLRPCServer(("127.0.0.1", 0), logRequests=False) as server:
    server.register_function(pow, "pow")
    threading.Thread(target=server.serve_forever).start()
    with xmlrpc.client.ServerProxy("http://%s:%d" % server.server_address) as proxy:
        print(proxy.pow(2, 10))
    server.shutdown()
