"""Numbers of the agents of all nodes, from their /metrics (docs/metrics.md)."""

import http.client

PORT = 9470


class Scrape:
    """The samples of all agents at one time: by node, by name with its labels."""

    def __init__(self, addresses):
        self.nodes = {node: read(address) for node, address in addresses.items()}

    def total(self, name):
        return sum(samples.get(name, 0) for samples in self.nodes.values())


def read(address):
    connection = http.client.HTTPConnection(address, PORT, timeout=10)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    samples = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            samples[name] = float(value)
    return samples


class Growth:
    """What a histogram got between two scrapes, of all nodes together."""

    def __init__(self, name, before, after):
        def grown(sample):
            return after.total(sample) - before.total(sample)
        head = f'{name}_bucket{{le="'
        bounds = {sample[len(head):-2] for samples in after.nodes.values() for sample in samples if sample.startswith(head)}
        self.buckets = sorted((float(bound), grown(f'{head}{bound}"}}')) for bound in bounds)
        self.count, self.sum = int(grown(name + "_count")), grown(name + "_sum")

    def within(self, quantile):
        """The least upper bound, in seconds, that so large a part does not exceed."""
        return next((bound for bound, count in self.buckets if count >= quantile * self.count), float("inf"))

    def text(self):
        if self.count == 0:
            return "none"
        bounds = ", ".join(f"{percent} % within {seconds(self.within(percent / 100))}" for percent in (50, 99, 100))
        return f"{self.count:,}, {seconds(self.sum / self.count)} on average, {bounds}"


def seconds(value):
    if value == float("inf"):
        return "more than is measured"
    return f"{value:.3g} s" if value >= 1 else f"{value * 1e3:.3g} ms"
