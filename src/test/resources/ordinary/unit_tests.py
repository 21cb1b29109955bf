import doctest
import sys
import unittest


def double(number):
    """Doubles.

    >>> double(2)
    4
    >>> double("a")
    'aa'
    >>> double(3)
    7
    """
    return number * 2


class Tests(unittest.TestCase):
    def test_good(self):
        self.assertEqual(4, double(2))

    def test_bad(self):
        self.assertEqual([1, 2, 3], [1, 3])

    def test_error(self):
        raise OSError("an error")

    @unittest.skip("not today")
    def test_skipped(self):
        pass


print(doctest.testmod())
suite = unittest.defaultTestLoader.loadTestsFromTestCase(Tests)
result = unittest.TextTestRunner(stream=open("report", "w"), verbosity=2).run(suite)
print(result)
print([line for line in open("report").read().splitlines() if " in " not in line])
sys.exit(not result.wasSuccessful())
