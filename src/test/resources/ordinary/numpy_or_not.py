try:
    import numpy
except ImportError:
    numpy = None

values = [n * n % 17 for n in range(1000)]
if numpy is None:
    total, mean, top = sum(values), sum(values) / len(values), max(values)
    product = [[sum(a * b for a, b in zip(row, column)) for column in zip(*[[1, 2], [3, 4]])] for row in [[1, 2], [3, 4]]]
else:
    array = numpy.array(values)
    total, mean, top = int(array.sum()), float(array.mean()), int(array.max())
    product = (numpy.array([[1, 2], [3, 4]]) @ numpy.array([[1, 2], [3, 4]])).tolist()
print(total, mean, top, product)
