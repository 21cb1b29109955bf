import email.message
import email.policy
import ipaddress
import mimetypes
import textwrap
import urllib.parse

message = email.message.EmailMessage(policy=email.policy.SMTP)
message["Subject"] = "Grüße"
message["To"] = "a@example.com"
message.set_content("Hello é\n")
print(message.as_string())
print(
    urllib.parse.urlsplit("https://u:p@h:1/p?q=1#f"),
    urllib.parse.quote("a b/é"),
    urllib.parse.parse_qs("a=1&a=2"),
    urllib.parse.urljoin("http://x/a/b", "../c"),
)
print(
    ipaddress.ip_network("10.0.0.0/30").num_addresses,
    ipaddress.ip_address("::1").is_loopback,
    mimetypes.guess_type("x.png"),
    mimetypes.guess_extension("text/html"),
)
print(textwrap.fill("word " * 30, 40), textwrap.dedent("  a\n  b"))
ipaddress.ip_address("300.1.1.1")
