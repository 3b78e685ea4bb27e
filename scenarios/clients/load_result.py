"""Parts of a load's result, docs/load-output.md, that clients written in Python have in common."""

LISTED = 5000


class Latencies:
    """Latencies in buckets at most 0.8 % wide: [upper end, count], as `hitless load` writes them."""

    def __init__(self):
        self.values = []

    def json(self):
        values = sorted(self.values)
        if not values:
            return {"count": 0}
        def at(quantile):
            return values[min(len(values) - 1, int(quantile * len(values)))] / 1e6
        buckets = {}
        for value in values:
            shift = max(0, value.bit_length() - 8)
            upper = ((value >> shift) + 1 << shift) - 1
            buckets[upper] = buckets.get(upper, 0) + 1
        return {"p50": at(.5), "p90": at(.9), "p99": at(.99), "p99.9": at(.999), "max": values[-1] / 1e6,
                "count": len(values), "bucketsNs": sorted(map(list, buckets.items())), "maxNs": values[-1]}


class Failures:
    """Counted exactly, listed up to a limit."""

    def __init__(self):
        self.causes, self.listed = {}, []

    def add(self, failure):
        self.causes[failure["cause"]] = self.causes.get(failure["cause"], 0) + 1
        if len(self.listed) < LISTED:
            self.listed.append(failure)

    def count(self):
        return sum(self.causes.values())

    def json(self):
        return {"count": self.count(), "causes": self.causes, "list": self.listed}
