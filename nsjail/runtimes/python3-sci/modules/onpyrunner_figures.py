"""matplotlib's way to show figures here: plt.show(), and the program's end for those that are left open, write each as figure-N.png."""

import atexit
import io

from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

import onpyrunner_files


def _write(figure):
    content = io.BytesIO()
    figure.savefig(content, format="png")
    onpyrunner_files.write("figure", "png", content.getvalue())


class FigureManager(FigureManagerBase):
    def show(self):
        _write(self.canvas.figure)

    @classmethod
    def pyplot_show(cls, *, block=None):
        """Shows all figures, and closes them: as if somebody had looked at each and closed its window."""
        for manager in Gcf.get_all_fig_managers():
            manager.show()
        Gcf.destroy_all()


class FigureCanvas(FigureCanvasAgg):
    manager_class = FigureManager


@atexit.register
def _left_open():
    for manager in Gcf.get_all_fig_managers():
        if isinstance(manager, FigureManager):
            manager.show()
