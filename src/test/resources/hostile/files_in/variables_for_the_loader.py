# Variables that steer the dynamic linker and the C library: they must not reach whatever starts the jail.
# Request: {"env":{"LD_AUDIT":"/work/none.so","LD_LIBRARY_PATH":"/work","LD_BIND_NOW":"1","GCONV_PATH":"/work","LOCPATH":"/work","MALLOC_PERTURB_":"1","GLIBC_TUNABLES":"glibc.malloc.check=3","TZDIR":"/work","HOSTALIASES":"/work/h","TMPDIR":"/work","NLSPATH":"/work"}}
# Expect: OK 0
# Expect-line: /work
# Stderr: any
import os
import tempfile

with tempfile.TemporaryFile() as file:
    file.write(b"x")
print(os.environ["LD_LIBRARY_PATH"])
