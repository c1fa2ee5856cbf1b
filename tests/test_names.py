"""Is a customer taken in, found, sorted and told from others by a name of any script?"""

import pytest

from adapters.contract.records import Person
from adapters.mongo import Store
from resolvers.customers import CUSTOMERS
from resolvers.ingest.batch import take
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.changing import change, refused
from tests.conftest import Asking
from tests.makers import Makers
from tests.taking_in import ANN, AT, bring, outcomes

NAMES = [
    "अमित",
    "กิตติ",
    "தமிழ்",
    "মোহাম্মদ",
    "မောင်",
    "ភូមិ",
    "مُحَمَّد",
    "שָׁלוֹם",
    "\u0645\u062d\u0645\u062f\u200c\u0631\u0636\u0627",
    "Jose\u0301",
    "Nguyê\u0303n",
    "Gal·la",
    "D\u2019Arcy",
]
SEARCH = "query($search: String!) { customers(search: $search) { nodes { id firstName } } }"


@pytest.mark.parametrize("name", NAMES)
async def test_name_of_any_script(ask: Asking, store: Store, name: str) -> None:
    """A name with the marks of its script is taken in, and found by the whole of it and by its beginning."""
    taken = await bring(store, Person(who=ANN, attributes={"firstName": name, "lastName": name}))
    assert outcomes(taken) == ["inserted"]
    (found,) = await store.find(CUSTOMERS, {})
    assert found["sounds"], "whoever may be the same person is found by it"
    for search in (name, name[:3], name[:4]):
        answer = await ask(SEARCH, search=search)
        assert [one["id"] for one in answer.data["customers"]["nodes"]] == [global_id("Customer", found["_id"])]


@pytest.mark.parametrize(("written", "search"), [("مُحَمَّد", "محمد"), ("Jose\u0301", "jose"), ("Nguyê\u0303n", "nguyen")])
async def test_found_without_marks(ask: Asking, make: Makers, written: str, search: str) -> None:
    """Whoever cannot type the marks leaves them out."""
    one = await make.customer()
    given = [{"name": "lastName", "value": written}]
    await change(ask, "editCustomer", "customer { id }", id=one.id, version=1, attributes=given)
    answer = await ask(SEARCH, search=search)
    assert [node["id"] for node in answer.data["customers"]["nodes"]] == [one.id]


async def test_two_spellings_one_name(ask: Asking, store: Store) -> None:
    """A name whose accents come apart is the same name: it is no news, and a filter finds it."""
    for n, name in enumerate(("Jose\u0301", "Jos\u00e9")):
        taken = await take(store, [Person(who=ANN, attributes={"firstName": name})], at=AT, by="test")
        assert outcomes(taken) == [("inserted", "unchanged")[n]]
    query = """query($of: CustomerFilter) { customers(filter: $of, orderBy: {field: NAME}) { nodes { firstName } } }"""
    held = {"attributes": [{"name": "firstName", "anyOf": ["Jose\u0301"]}]}
    assert (await ask(query, of=held)).data == {"customers": {"nodes": [{"firstName": "Jos\u00e9"}]}}


async def test_alike_in_script(ask: Asking, store: Store) -> None:
    """Two customers of one name and day of birth are suggested as one person, in whichever script."""
    definition = {"name": "born", "type": "DATE", "rules": {"matchingRole": "BIRTH_DATE"}}
    await change(ask, "addAttributeDefinition", "definition { name }", Role.ADMINISTRATOR, **definition)
    for value in ("1", "2"):
        said = {"firstName": "अमित", "lastName": "मोहम्मद", "born": "1984-03-07"}
        await bring(store, Person(who=ANN._replace(value=value), attributes=said))
    answer = await ask("{ customers { nodes { suggestions { score } } } }")
    assert [len(one["suggestions"]) for one in answer.data["customers"]["nodes"]] == [1, 1]


@pytest.mark.parametrize("name", [".", "'", "-", "\u05be", "\u0301", "R2D2"])
async def test_no_name(ask: Asking, make: Makers, name: str) -> None:
    """Marks alone are no name, and neither is what holds a digit."""
    one = await make.customer()
    given = {"id": one.id, "version": 1, "attributes": [{"name": "firstName", "value": name}]}
    assert (await refused(ask, "editCustomer", **given))[0] == "INVALID_INPUT"
