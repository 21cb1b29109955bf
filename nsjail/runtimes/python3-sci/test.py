"""Every package does what it is there for."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import scipy.stats
import sympy
from PIL import Image
from sklearn.linear_model import LinearRegression

frame = pd.DataFrame({"x": np.arange(10.0), "y": 2 * np.arange(10.0) + 1})
assert frame.y.mean() == 10
model = LinearRegression().fit(frame[["x"]], frame.y)
assert abs(model.coef_[0] - 2) < 1e-9
assert scipy.stats.linregress(frame.x, frame.y).rvalue > 0.999
x = sympy.Symbol("x")
assert sympy.integrate(2 * x, x) == x**2
frame.plot(x="x", y="y")
picture = io.BytesIO()
plt.savefig(picture)
assert Image.open(picture).format == "PNG"
print("numpy, pandas, matplotlib, scipy, sympy, scikit-learn and Pillow work")
