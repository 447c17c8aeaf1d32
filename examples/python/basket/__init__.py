"""A basket of goods that sums up in cents."""

import json
from pathlib import Path


class Basket:
    def __init__(self):
        self.items = {}

    def add(self, name, cents, count=1):
        if cents < 0 or count < 1:
            raise ValueError("a price is not negative and a count is positive")
        price, had = self.items.get(name, (cents, 0))
        self.items[name] = (price, had + count)

    def total(self):
        return sum(price * count for price, count in self.items.values())

    def save(self, path):
        Path(path).write_text(json.dumps(self.items))

    @classmethod
    def load(cls, path):
        basket = cls()
        basket.items = {k: tuple(v) for k, v in json.loads(Path(path).read_text()).items()}
        return basket
