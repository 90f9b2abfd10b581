"""Sound without libraries; gst_peer.py, which runs elsewhere, uses it, too."""

import math


def tone(samples, rate):
    """The frequency that the crossings of zero tell, in hertz, and the level, in decibels of full scale, of 16-bit samples."""
    if len(samples) < 2:
        return {"frequency": 0, "level": -200}
    crossings = sum((a < 0) != (b < 0) for a, b in zip(samples, samples[1:]))
    power = sum(each * each for each in samples) / len(samples)
    level = 10 * math.log10(power / 32768**2) if power else -200
    return {"frequency": crossings * rate / 2 / len(samples), "level": level}
