# Expect: OK 0
# Expect-line: city,days,mean_c
# Expect-line: Oslo,3,-2.5
# Expect-line: Lagos,2,28.0
# Expect-line: The warmest is Lagos.
"""Turns JSON into a CSV file in the working directory, then reads that file back.

Expect: the CSV with one line for each city, and the name of the warmest.
"""

import csv
import json
from pathlib import Path
from statistics import mean

READINGS = """
[
  {"city": "Oslo",  "celsius": [-4.0, -2.5, -1.0]},
  {"city": "Quito", "celsius": [14.5, 15.5]},
  {"city": "Lagos", "celsius": [27.0, 29.0]}
]
"""

report = Path("report.csv")

with report.open("w", newline="", encoding="utf-8") as file:
    writer = csv.DictWriter(file, ["city", "days", "mean_c"], lineterminator="\n")
    writer.writeheader()
    for reading in json.loads(READINGS):
        celsius = reading["celsius"]
        writer.writerow({"city": reading["city"], "days": len(celsius), "mean_c": mean(celsius)})

print(report.read_text(encoding="utf-8"))

with report.open(newline="", encoding="utf-8") as file:
    warmest = max(csv.DictReader(file), key=lambda row: float(row["mean_c"]))
print(f"The warmest is {warmest['city']}.")
