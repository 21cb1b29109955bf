import sys
import warnings

warnings.warn("a warning")
warnings.warn("will change", DeprecationWarning)
for _ in range(2):
    warnings.warn("twice, shown once", RuntimeWarning)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    warnings.warn("caught", FutureWarning)
print([str(w.message) for w in caught], sys.warnoptions, warnings.filters)
open("main.py")
eval("1 is 1")
assert (1, "always")
