# Limits beyond the maximum, below zero, and no numbers at all.
# Refused: /limits/cpu_ms {"limits":{"cpu_ms":0}}
# Refused: /limits/wall_ms {"limits":{"wall_ms":-1}}
# Refused: /limits/cpu_ms {"limits":{"cpu_ms":9223372036854775807}}
# Refused: /limits/cpu_ms {"limits":{"cpu_ms":18446744073709551617}}
# Refused: /limits/memory_bytes {"limits":{"memory_bytes":1e9}}
# Refused: /limits/memory_bytes {"limits":{"memory_bytes":"1000000000"}}
# Refused: /limits/memory_bytes {"limits":{"memory_bytes":1}}
# Refused: /limits/memory_bytes {"limits":{"memory_bytes":null}}
# Refused: /limits/processes {"limits":{"processes":1000000}}
# Refused: /limits/processes {"limits":{"processes":true}}
# Refused: /limits/disk_bytes {"limits":{"disk_bytes":1099511627776}}
# Refused: /limits/output_bytes {"limits":{"output_bytes":1.5}}
# Refused: /limits/files {"limits":{"files":1}}
# Refused: /limits {"limits":[]}
# Refused: /limits/disk_bytes {"limits":{"disk_bytes":1}}
# Refused: /user {"user":"root"}
# Refused: /priority {"priority":-1}
# Expect: OK 0
# Expect-line: begun
print("begun")
