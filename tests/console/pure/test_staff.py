"""Who somebody of the staff is: by name beside the id, where one is known."""

from ninehours.console.pages.staff import in_full

KIM = "45d34e60-0000-4000-8000-000000000001"


def test_a_name_stands_before_the_id_and_where_there_is_none_the_id_alone() -> None:
    names = {KIM: "Kim Ferro"}
    assert in_full(names, f"staff/{KIM}") == f"Kim Ferro (staff/{KIM})"
    assert in_full({}, f"staff/{KIM}") == f"staff/{KIM}"


def test_an_id_of_another_kind_is_nobody_of_the_staff() -> None:
    names = {KIM: "Kim Ferro"}
    assert in_full(names, f"person/{KIM}") == f"person/{KIM}"
    assert in_full(names, "person/local-front-desk") == "Front desk"
