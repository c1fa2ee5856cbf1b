"""Is everything wrong said before anything is written, in words that say what to do?"""

import gzip

import pytest

BROKEN_MAPPINGS = [
    ("[[import]", "is no TOML"),
    ("[sources]", "'sources' means nothing here. Did you mean 'source'?"),
    ('name = "x"', "there is no [[import]]"),
    ("[source]\ncurency = 'USD'", "Did you mean 'currency'?"),
    ("[source]\ncurrency = 'dollar'", "three letters of ISO 4217"),
    ("[source]\nzone = 'Middle/Earth'", "'Middle/Earth' is no time zone"),
    ("[[import]]\nrecord = 'order'", "Did you mean 'orders'?"),
    ("[[import]]\nrecord = 'groups'\nfields = { name = 'a' }\nencoding = 'cp1253x'", "'cp1253x' is none"),
    ("[[import]]\nrecord = 'groups'\nfields = { name = 'a' }\nrows = 'grouped'", "only orders are made of several"),
    ("[[import]]\nrecord = 'groups'\nfields = { name = 'a' }\nheader = 0", "name them under `columns`"),
    ("[[import]]\nrecord = 'groups'\nfields = { name = 'a' }\nformat = 'cvs'", "Did you mean 'csv'?"),
    ("[[import]]\nrecord = 'groups'\nfields = { name = 'a' }\ndelimiter = ';;'", "is not one character"),
    ("[[import]]\nrecord = 'groups'\nfields = { name = 'a' }\nfiles = 7", "is no file pattern"),
    *(
        (f"[[import]]\nrecord = 'groups'\nfields = {{ name = 'a' }}\n{line}", words)
        for line, words in (
            ("encoding = 'rot13'", "encoding: 'rot13' is none"),
            ("encoding = 'hex'", "encoding: 'hex' is none"),
            ("encoding = 'undefined'", "encoding: 'undefined' is none"),
            ("encoding = 'idna'", "encoding: 'idna' is none"),
            ("encoding = 'punycode'", "encoding: 'punycode' is none"),
            ('encoding = "utf-8\\u0000"', "is none"),
            ("header = -1", "header: -1 is no line"),
            ("header = 99999999999999999999", "is no line"),
            ("columns = [1, 2]", "columns: [1, 2] is no list of names"),
            ("format = 'fixed'\nheader = 0\ncolumns = ['a']\nwidths = ['5']", "is no list of whole numbers"),
            ("format = 'fixed'\nheader = 0\ncolumns = ['a']\nwidths = [0]", "is no list of whole numbers"),
            ('delimiter = "\\n"', "delimiter: '\\n' ends a line"),
            ('delimiter = "\\r"', "delimiter: '\\r' ends a line"),
            ('quote = "\\n"', "quote: '\\n' ends a line"),
            ("delimiter = '\"'", "is the quote character too"),
            ("delimiter = '|'\nquote = '|'", "is the quote character too"),
            ("empty = 5", "empty: 5 is no list of texts"),
        )
    ),
    ("[[import]]\nrecord = 'groups'\nfields = { nam = 'a' }", "Did you mean 'name'?"),
    ("[[import]]\nrecord = 'groups'", "fields.name: is needed and not said"),
    ("[[import]]\nrecord = 'groups'\nfields = { name = 7 }", "7 is neither a column"),
    ("[[import]]\nrecord = 'groups'\nfields = { name = { colum = 'a' } }", "Did you mean 'column'?"),
    ("[[import]]\nrecord = 'groups'\nfields = { name = { column = 'a', constant = 'b' } }", "says 2 of"),
    ("[[import]]\nrecord = 'groups'\nfields = { name = { column = 'a', styles = ['iso'] } }", "nothing about a text"),
    ("[[import]]\nrecord = 'groups'\nfields = { name = { column = 'a', case = 'Title' } }", "Did you mean 'title'?"),
    ("[[import]]\nrecord = 'groups'\nfields = { name = { template = 'x' } }", "names no column"),
    ("[[import]]\nrecord = 'groups'\nfields = { name = { template = '{a' } }", "cannot be read"),
    ("[[import]]\nrecord = 'groups'\nfields = { name = { lookup = 't', by = 'a', give = 'b' } }", "no table 't'"),
    ("[[import]]\nrecord = 'people'\nfields = { who = 'a' }", "channel: is not said"),
    ("[[attribute]]\nname = 'tier'\ntype = 'CHOICES'", "Did you mean 'CHOICE'?"),
    ("[[attribute]]\nname = 'tier'\ntype = 'CHOICE'", "needs some"),
    ("[[attribute]]\nname = 'Tier'", "is no attribute name"),
    ("[[attribute]]\nname = 'tier'\nis_persnal = true", "Did you mean 'is_personal'?"),
    ("[[attribute]]\nname = 'tier'\norder = 'first'", "is not of the kind int"),
    ("[[attribute]]\nname = 'deskId'\nidentifies_on = [1]", "holds more than texts"),
    ("[[attribute]]\nname = 'age'\ntype = 'NUMBER'\nis_channel_identifier = true", "is nobody's id on a channel"),
    ("[[table]]\nname = 't'", "the column that is its `key`"),
]


@pytest.mark.parametrize(("mapping", "words"), BROKEN_MAPPINGS, ids=[words[:30] for _, words in BROKEN_MAPPINGS])
async def test_broken_mapping(shop, mapping: str, words: str) -> None:
    """A mapping is checked wholly before a row is read: file, key, what is there, what is allowed."""
    shop.mapping = mapping
    problems = await shop.problems()
    assert words in problems
    assert "shop.toml" in problems


BROKEN_FIELDS = [
    ('line.total = "price"', 'line.total = "pric"', "no column 'pric', from which `line.total` is read. Did you mean"),
    ('line.total = "price"', "", "say what a line comes to"),
    ('currency = "USD"', "", "currency: is not said"),
    ('attributes.firstName = "first"', 'attributes.firstname = "first"', "Did you mean 'attributes.firstName'?"),
    ('styles = ["%d.%m.%Y"]', 'styles = ["DD.MM"]', "'DD.MM' is neither"),
    ('styles = ["%d.%m.%Y"]', 'styles = "%d"', "is no list such as"),
    ('styles = ["%d.%m.%Y"]', 'styles = ["%Q"]', "'%Q' is neither iso, unix, unix_ms nor a pattern"),
    ('styles = ["%d.%m.%Y"]', 'styles = ["%d.%d.%Y"]', "'%d.%d.%Y' is neither"),
    ('line.total = "price"', 'line.total = { column = "price", decimal = ";" }', "decimal: ';' is none of"),
    ('line.title = "product"', 'line.title = { columns = ["product"] }', "Use `template`"),
]


@pytest.mark.parametrize(
    ("there", "instead", "words"), BROKEN_FIELDS, ids=[words[:30] for _, _, words in BROKEN_FIELDS]
)
async def test_broken_field(shop, there: str, instead: str, words: str) -> None:
    """So is every field, with the columns of the files."""
    assert there in shop.mapping
    shop.mapping = shop.mapping.replace(there, instead)
    assert words in await shop.problems()


async def test_all_problems_at_once(shop) -> None:
    """All problems are told at once, not one a run."""
    shop.mapping = shop.mapping.replace('"price"', '"pric"').replace('"first"', '"frist"')
    problems = await shop.problems()
    assert "'pric'" in problems
    assert "'frist'" in problems


async def test_columns_hinted_once(shop) -> None:
    """Of many missing columns each is named, the file's spare ones once, and none that is in use already."""
    shop.mapping = shop.mapping.replace('"price"', '"sum"').replace('"pieces"', '"how_many"')
    problems = await shop.problems()
    assert problems.count("has no column") == 2
    assert problems.count("Known: 'pieces', 'price'.") == 1


BROKEN_FILES = [
    ("sales.csv", b"", "is empty. Export it again"),
    ("sales.csv", b"\n\n", "should name the columns"),
    ("sales.csv", b"order,customer,order,day,product,pieces,price\n", "names 'order' twice"),
    ("sales.csv", b"order,customer\nA1,J\xf6rg\n", "byte 19 (0xf6) is no utf-8-sig. Set `encoding`"),
    ("sales.csv", "order".encode("utf-16"), "begins with the mark of utf-16, and is to be read as utf-8-sig. Set"),
    ("sales.csv", "order,customer\n".encode("utf-16-le"), 'Set `encoding = "utf-16-le"`'),
    ("sales.csv", "order,customer\n".encode("utf-16-be"), 'Set `encoding = "utf-16-be"`'),
    ("sales.csv", b"PK\0\0\0\0a", "It is no text: export it"),
    ("sales.csv.gz", b"no gzip", "is no whole gzip file"),
    ("sales.csv.gz", gzip.compress(b"order,customer\n" * 99)[:-9], "is no whole gzip file"),
    ("sales.xyz", b"order\n", "Set `format`"),
    ("stock.csv", b"a\n1\n", "fits no part of"),
]


@pytest.mark.parametrize(("name", "content", "words"), BROKEN_FILES, ids=[words[:30] for _, _, words in BROKEN_FILES])
async def test_broken_file(shop, name: str, content: bytes, words: str) -> None:
    """A file that cannot be used is told of before anything is written, though others could be."""
    del shop.files["sales.csv"]
    shop.files[name] = content
    problems = await shop.problems()
    assert words in problems
    assert name in problems


@pytest.mark.parametrize(("mark", "told"), [("utf-16", "utf-16"), ("utf-8-sig", "utf-8-sig")])
async def test_mark_of_encoding(shop, mark: str, told: str) -> None:
    """A file that begins with the mark of another encoding is one problem, not one for each column."""
    shop.mapping = shop.mapping.replace('files = "sales*"', 'files = "sales*"\nencoding = "cp1252"')
    shop.files["sales.csv"] = shop.files["sales.csv"].encode(mark)
    problems = await shop.problems()
    assert f'Set `encoding = "{told}"`' in problems
    assert len(problems.splitlines()) == 1


async def test_nuls_are_one_problem(shop) -> None:
    """So is one without a mark whose every second byte is NUL."""
    shop.mapping = shop.mapping.replace('files = "sales*"', 'files = "sales*"\nencoding = "cp1252"')
    shop.files["sales.csv"] = shop.files["sales.csv"].encode("utf-16-le")
    problems = await shop.problems()
    assert 'Set `encoding = "utf-16-le"`' in problems
    assert len(problems.splitlines()) == 1


@pytest.mark.parametrize(("there", "key"), [('zone = "UTC"', 'zone = "Mars"'), ('zone = "UTC"', 'decimal = ";"')])
@pytest.mark.parametrize("part", ["[source]", "[[import]]"])
async def test_usual_told_once(shop, there: str, key: str, part: str) -> None:
    """What holds for every field is told once where it is wrong, not for each field."""
    before, last = shop.mapping.replace(there, "").rsplit(part, 1)
    shop.mapping = f"{before}{part}\n{key}{last}"
    assert len((await shop.problems()).splitlines()) == 1


async def test_large_file_position(shop) -> None:
    """The byte that is in the wrong encoding is named, wherever in the file it stands."""
    shop.files["sales.csv"] = b"order,customer\n" + b"x" * 2_000_003 + "é".encode() + b"\xff"
    assert f"byte {15 + 2_000_003 + 2} (0xff)" in await shop.problems()


async def test_missing_file(shop, tmp_path) -> None:
    """A file that is not there, and a folder, are told of."""
    (tmp_path / "sales.d").mkdir()
    shop.write = lambda name, content: tmp_path / name if name != "shop.toml" else _put(tmp_path / name, content)
    shop.files = {"sales.csv": "", "sales.d": ""}
    shop.mapping = shop.mapping.replace('files = "sales*"', 'files = "sales*"\nformat = "csv"')
    problems = await shop.problems()
    assert "sales.csv is not there" in problems
    assert "sales.d is a folder. Name its files" in problems


def _put(path, content):
    path.write_text(content)
    return path


async def test_no_file_named(shop) -> None:
    """Without a file, the message says which the mapping takes."""
    shop.files = {}
    assert "takes people*, sales*" in await shop.problems()


async def test_missing_lookup_file(shop) -> None:
    """A table without its file is told of, with the name that is wanted."""
    shop.mapping += "\n[[table]]\nname = 'goods'\nfiles = 'goods*'\nkey = 'no'\n"
    shop.mapping = shop.mapping.replace(
        'line.title = "product"', 'line.title = { lookup = "goods", by = "product", give = "name" }'
    )
    assert "The table 'goods' needs a file goods*" in await shop.problems()
    shop.files["goods.csv"] = "no,nme\nBell,Bell\n"
    assert "'goods' has no column 'name'. Did you mean 'nme'?" in await shop.problems()
    shop.files["goods.csv"] = "no,name\nBell,Bell\nBell,Bells\n"
    assert "line 3: the key 'Bell' is there twice" in await shop.problems()


async def test_lookup_without_such_keys(shop) -> None:
    """A lookup in JSON Lines of which no line has the key, or what is asked for, is told of."""
    shop.mapping += "\n[[table]]\nname = 'goods'\nfiles = 'goods*'\nkey = 'no'\n"
    shop.mapping = shop.mapping.replace(
        'line.title = "product"', 'line.title = { lookup = "goods", by = "product", give = "name" }'
    )
    shop.files["goods.jsonl"] = '{"n": "Bell"}\n{"n": "Lamp"}\n'
    assert "no line says 'no', the key of the table 'goods'" in await shop.problems()
    shop.files["goods.jsonl"] = '{"no": "Bell", "nme": "Bell"}\n{"no": "Lamp"}\n'
    assert "no line says 'name', which is looked up in the table 'goods'" in await shop.problems()


async def test_missing_mapping(shop) -> None:
    """A mapping that is not there is told of."""
    shop.write = lambda name, _content: shop.folder / name
    assert "shop.toml is not there. Name the mapping first" in await shop.problems()
