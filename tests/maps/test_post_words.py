"""Words for what is done on a post and by whom."""

from maps.text import job


def test_a_post_is_named_by_its_kind_and_role() -> None:
    """Kinds that are not told apart, or that say the same as the role, leave the role alone."""
    assert job("stairs", "police") == ("stairs, police", "阶梯岗、民警")
    assert job("reserve", "support") == ("reserve, support", "机动、辅助")
    assert job("mixed", "police") == ("police", "民警")
    assert job("supervisor", "supervisor") == ("supervisor", "带班领导")
    assert job("tower", "marines") == ("marines", "marines")
