import calendar
import datetime
import time
import zoneinfo

moment = datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.timezone.utc)
print(moment.isoformat(), moment + datetime.timedelta(days=366), moment.timestamp(), moment.strftime("%A %d %B %Y %H:%M:%S %Z"))
for name in ("Europe/Berlin", "America/New_York", "Asia/Kathmandu"):
    try:
        print(moment.astimezone(zoneinfo.ZoneInfo(name)))
    except zoneinfo.ZoneInfoNotFoundError as error:
        print(error)
print(time.tzname, time.timezone, time.localtime(0)[:6], time.strftime("%c", time.gmtime(0)), datetime.datetime.fromtimestamp(0))
print(calendar.month(2024, 2), calendar.isleap(2100), datetime.date.fromisocalendar(2024, 9, 4))
print(datetime.datetime.fromisoformat("2024-01-01T00:00:00+05:30").utcoffset(), datetime.datetime.strptime("1 Mar 2020", "%d %b %Y"))
datetime.date(2023, 2, 29)
