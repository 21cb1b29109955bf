import configparser
import csv
import io
import json
import tomllib

data = {"a": [1, 2.5, None, True], "é": '👻\n\t"', "big": 10**20}
print(json.dumps(data, indent=2, sort_keys=True), json.dumps(data, ensure_ascii=False, separators=(",", ":")))
print(json.loads('{"x": [1e3, -0, "\\u00e9"]}'), json.dumps(float("inf")))
try:
    json.loads('{"x": }')
except json.JSONDecodeError as error:
    print(error)
with open("data.csv", "w", newline="") as file:
    writer = csv.DictWriter(file, ["name", "text"])
    writer.writeheader()
    writer.writerow({"name": "a", "text": 'with "quotes", and\nlines'})
print(open("data.csv", newline="").read(), list(csv.DictReader(open("data.csv", newline=""))))
print(csv.Sniffer().sniff("a;b;c\n1;2;3").delimiter, tomllib.loads("a = 1\n[b]\nc = [1, 2]"))
config = configparser.ConfigParser()
config.read_string("[x]\ny = %(z)s!\nz = 1")
print(config["x"]["y"], config.sections())
out = io.StringIO()
config.write(out)
print(out.getvalue())
json.dumps({1, 2})
