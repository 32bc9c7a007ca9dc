"""Times, dates and zones of the oracle: seconds since 1970, day ordinals, local times.

A local time becomes an instant so: in a gap it moves forward by the gap, in an overlap it is
the later instant.  The two folds of a datetime give the two candidates, and both rules pick
the later one.
"""
import datetime
import functools
import zoneinfo

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
DAY = 86400


@functools.lru_cache(maxsize=None)
def zone(name):
    return zoneinfo.ZoneInfo(name or "UTC")


def ms_of(text):
    """2024-06-03T07:00:00.000Z to milliseconds; the fraction may be missing."""
    day = datetime.date(int(text[0:4]), int(text[5:7]), int(text[8:10])).toordinal() - EPOCH_DAY
    return ((day * 24 + int(text[11:13])) * 60 + int(text[14:16])) * 60000 + int(text[17:19]) * 1000 + int(text[20:23] or 0)


def sec_of(text):
    """The same, cut to the second towards the past; null stays null."""
    return None if text is None or text == "" else ms_of(text) // 1000


def time_text(ms):
    if ms is None:
        return None
    when = EPOCH + datetime.timedelta(milliseconds=ms)
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (ms % 1000)


def sec_text(sec):
    return None if sec is None else time_text(sec * 1000)


def day_of(text):
    return datetime.date.fromisoformat(text).toordinal()


def day_text(day):
    return None if day is None else datetime.date.fromordinal(day).isoformat()


@functools.lru_cache(maxsize=200000)
def local(sec, name):
    """(day, second of the day) that clocks of the zone show."""
    when = (EPOCH + datetime.timedelta(seconds=sec)).astimezone(zone(name))
    return when.toordinal(), (when.hour * 60 + when.minute) * 60 + when.second


def local_day(sec, name):
    return None if sec is None else local(sec, name)[0]


@functools.lru_cache(maxsize=200000)
def instant(day, second, name):
    """The second at which clocks of the zone show this; 86400 is 00:00 of the next day."""
    if second >= DAY:
        day, second = day + 1, second - DAY
    wall = datetime.datetime.fromordinal(day) + datetime.timedelta(seconds=second)
    wall = wall.replace(tzinfo=zone(name))
    return max(((wall.replace(fold=fold) - EPOCH) // datetime.timedelta(seconds=1)) for fold in (0, 1))


def clock_of(text):
    """HH:MM or HH:MM:SS to seconds of the day."""
    parts = [int(p) for p in text.split(":")] + [0]
    return parts[0] * 3600 + parts[1] * 60 + parts[2]


def clock_text(second):
    return "%02d:%02d:%02d" % (second // 3600, second // 60 % 60, second % 60)


def duration_of(text):
    """PnDTnHnMnS to seconds."""
    total, number, units = 0, "", {"D": DAY, "H": 3600, "M": 60, "S": 1}
    for c in text[1:]:
        if c.isdigit():
            number += c
        elif c != "T":
            total, number = total + int(number) * units[c], ""
    return total
