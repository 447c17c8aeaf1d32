import pytest

from basket import Basket


def test_empty_basket_costs_nothing():
    assert Basket().total() == 0


def test_counts_add_up():
    basket = Basket()
    basket.add("tea", 250)
    basket.add("tea", 250, count=2)
    assert basket.total() == 750


def test_negative_price_is_refused():
    with pytest.raises(ValueError):
        Basket().add("tea", -1)


@pytest.mark.integration
def test_survives_the_disk(tmp_path):
    basket = Basket()
    basket.add("tea", 250)
    basket.save(tmp_path / "basket.json")
    assert Basket.load(tmp_path / "basket.json").total() == 250
