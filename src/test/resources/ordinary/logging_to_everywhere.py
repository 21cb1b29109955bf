import logging
import logging.handlers
import queue
import sys

logging.warning("to stderr by default")
logger = logging.getLogger("a.b")
handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(threadName)s %(funcName)s:%(lineno)d %(message)s"))
logger.addHandler(handler)
logger.setLevel(logging.DEBUG)
logger.propagate = False
logger.debug("number %d", 7)
try:
    1 / 0
except ZeroDivisionError:
    logger.exception("failed")
file = logging.FileHandler("x.log")
logger.addHandler(file)
logger.info("also to a file")
file.close()
print(open("x.log").read())
waiting = queue.Queue()
logging.getLogger("q").addHandler(logging.handlers.QueueHandler(waiting))
logging.getLogger("q").error("queued")
print(waiting.get().getMessage())
logger.info("%d", "no number")
