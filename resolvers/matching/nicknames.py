"""Which given names are forms of one another?

English ones come from the `nicknames` package; beside them stand common ones of other languages.
"""

from collections.abc import Mapping
from functools import lru_cache

from nicknames import NickNamer
from rapidfuzz.distance import OSA

_OTHERS = """
jose: pepe chema; francisco: paco pancho curro kiko francesco franz francois; ignacio: nacho; jesus: chuy suso;
guadalupe: lupe lupita; rosario: charo; concepcion: concha conchita; dolores: lola lolita; mercedes: merche;
enrique: quique kike heinrich henri henry; guillermo: memo guille wilhelm william guillaume; roberto: beto robert;
alberto: beto albert; eduardo: edu lalo edward edouard eduard; juan: juancho john jean johann giovanni joao jan
ivan; manuel: manolo manu; rafael: rafa raphael; santiago: santi chago jaime diego jacob james; luis: lucho louis
ludwig luigi; carlos: charly carlitos karl charles carlo; antonio: tono toni anton antoine tonino; maria: mari marie
mary maja marija; teresa: tere maite therese theresa; isabel: isa chabela elisabeth elizabeth; pedro: perico peter
pierre pietro piotr; pablo: paul paolo pavel; miguel: michael michel michele mikhail migue; jorge: coque george
georg georges giorgio; andres: andreas andrew andre andrea; esteban: stephen stefan etienne stefano; margarita:
marga margot margarethe margaret; johannes: hans hannes johann jan; friedrich: fritz fred; heinrich: heiner heinz;
wilhelm: willi willy helmut; josef: sepp jupp josip joseph; sebastian: basti bastian; matthias: matze hias matthew
mateo matteo; katharina: kathi katja kati catarina caterina katarzyna ekaterina katherine; elisabeth: lisa elsa else
liesl sissi bettina; magdalena: lena leni madeleine; christina: tina kristina krystyna; johanna: hanna hanne joana
jeanne giovanna; alexander: sascha sasha alejandro alessandro alexandre aleksandr sandro; alexandra: sascha sasha
alejandra alessandra; giuseppe: beppe peppe pino joseph; giovanni: gianni nino vanni; luigi: gigi; salvatore: totò
turi; vincenzo: enzo; lorenzo: renzo enzo laurence laurent; domenico: mimmo; jean: jeannot; philippe: philip felipe
filippo filip; frederic: fred frederick federico; dominique: domi; veronique: vero veronica; emmanuel: manu;
ekaterina: katya; dmitri: dima mitya dmitry dimitri; mikhail: misha; nikolai: kolya nicholas nicolas niccolo
nikolaus klaus; ivan: vanya; vladimir: vova volodya; alexei: alyosha lyosha aleksei alexey; yevgeny: zhenya evgeny
eugene; anastasia: nastya stasya; natalia: natasha nathalie natalie; maria: masha; olga: olya; tatiana: tanya;
yelena: lena elena helena helen; sergei: seryozha sergey sergio serge; pavel: pasha; yuri: yura; grigori: grisha
gregory; piotr: piotrek; jan: janek; malgorzata: gosia; katarzyna: kasia; barbara: basia; joanna: asia; krzysztof:
krzys christopher cristobal christophe; joao: joaozinho; antonia: toni tonia; muhammad: mohammed mohamed mohammad
muhammed mohamad md; ahmed: ahmad ahmet; yusuf: yousef youssef joseph; abdullah: abdallah; hussein: hussain hossein;
omar: umar; aisha: ayesha
"""
# A short form stands for so many names at most; what stands for more, as `al`, says little.
MOST_FORMS = 6


def _others() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in _OTHERS.replace("\n", " ").split(";"):
        whole, _, forms = line.strip().partition(":")
        for form in forms.split():
            found.setdefault(form, set()).add(whole)
    return {form: frozenset(wholes) for form, wholes in found.items()}


# What has so many short forms is itself no short form of a shorter name: Robert is none of Bob.
_FORMS_OF_A_FULL_NAME = 4
_KNOWN = NickNamer()
_ALSO = _others()
_NO_FORMS = frozenset({("bill", "robert"), ("billy", "robert"), ("fred", "billy"), ("fred", "willie")})
# Each time they are asked for, the package copies them.
_HAVE_SHORT_FORMS, _SHORT_FORMS = frozenset(_KNOWN.nickname_lookup), frozenset(_KNOWN.canonical_lookup)


@lru_cache(50_000)
def is_given(name: str) -> bool:
    """Whether it is known as a name that is given to people, or as a short form of one."""
    return name in _HAVE_SHORT_FORMS or name in _SHORT_FORMS or name in _ALSO


@lru_cache(50_000)
def full_forms(name: str) -> frozenset[str]:
    """The name and the full names for which it is short."""
    if name not in _SHORT_FORMS and name not in _ALSO:
        # Short for nothing, as most names are: asking takes longer.
        return frozenset({name})
    known = _KNOWN.canonicals_of(name)
    if len(_KNOWN.nicknames_of(name)) >= _FORMS_OF_A_FULL_NAME:
        known = {one for one in known if len(one) > len(name)}
    return frozenset({name, *known, *_ALSO.get(name, ())})


def is_variant(one: str, other: str) -> bool:
    """Whether one is short for the other, or both are alike and short for the same name: Rick and Fred are two."""
    if one == other or full_forms(one).isdisjoint(full_forms(other)):
        return False
    return _stands_for(one, other) or _stands_for(other, one) or _are_alike(one, other)


def _stands_for(short: str, full: str) -> bool:
    if full in _ALSO.get(short, ()):
        return True
    # The package gives short forms of short forms, and names of other people: Bill for Robert.
    return full in full_forms(short) and len(full) > len(short) and (short, full) not in _NO_FORMS


def _are_alike(one: str, other: str) -> bool:
    return one[:2] == other[:2] or OSA.distance(one, other) < 2
