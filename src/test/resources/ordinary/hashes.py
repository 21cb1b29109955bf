import base64
import binascii
import hashlib
import hmac
import secrets
import uuid

for name in sorted(hashlib.algorithms_guaranteed):
    digest = hashlib.new(name, b"data")
    print(name, digest.hexdigest(16) if name.startswith("shake") else digest.hexdigest())
print(hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 1000).hex(), hashlib.scrypt(b"p", salt=b"s", n=2, r=8, p=1).hex()[:20])
print(hmac.new(b"key", b"message", "sha256").hexdigest(), hmac.compare_digest(b"a", b"a"))
print(base64.b64encode(b"hello"), base64.b85encode(b"hello"), base64.urlsafe_b64decode(b"_-8="), binascii.crc32(b"x"))
print(
    len(secrets.token_bytes(16)),
    uuid.uuid5(uuid.NAMESPACE_DNS, "example.com"),
    len(str(uuid.uuid4())),
    secrets.token_hex(8) != secrets.token_hex(8),
)
base64.b64decode("!", validate=True)
