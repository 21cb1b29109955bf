# Arg: --number
# Arg: 5
# Arg: --flag
# Arg: a b
# Arg: é*
# Arg:
import argparse
import getopt
import shlex
import sys

print(sys.argv, sys.orig_argv[1:])
parser = argparse.ArgumentParser(description="an example")
parser.add_argument("--number", type=int, default=1, help="a number")
parser.add_argument("--flag", action="store_true")
parser.add_argument("rest", nargs="*")
print(parser.parse_args())
parser.print_help()
print(getopt.getopt(["-a", "1", "x"], "a:"), shlex.split("a 'b c' d\\ e"), shlex.quote("it's"))
parser.parse_args(["--number", "x"])
