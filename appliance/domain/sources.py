"""Where the clinical rules come from and how far each source was read; a correction is a change of one line here.

Every citation ends with how far it was read: its abstract or a table of it, a secondary text that states the rule, or
not at all, which is "[to be confirmed]".
"""

UNCONFIRMED = "[to be confirmed]"
"""Ends every citation whose rule was recalled from the paper and read nowhere."""
_ABSTRACT = "[abstract read]"
_SECONDARY = "[read in a secondary text]"

_GHENT = "the Ghent tool 6.1"
"""Nailfold Capillaroscopy Annotator (van der Tol, supervised by V. Smith; github.com/ArthurvdT/capillaroscopy), which
marks its own pattern score as under review."""

EULAR_2020 = f"Smith et al. 2020, doi 10.1016/j.autrev.2020.102458, as in {_GHENT} {_SECONDARY}"
HOFSTEE_2009 = f"Hofstee et al. 2009, Ann Rheum Dis 68:191-195 {UNCONFIRMED}"
FAST_TRACK_2019 = (
    "Smith et al. 2019, doi 10.1016/j.autrev.2019.102394: it sorts an image [abstract read]; wording and order of the "
    f"rules, and the patient by the worst image, as in {_GHENT} {_SECONDARY}"
)
CUTOLO_PATTERN = f"Patterns of Cutolo et al. 2000; rules as in {_GHENT} {_SECONDARY}"
DENSITY_BANDS = f"Cuts as in {_GHENT} {_SECONDARY}; names of the bands {UNCONFIRMED}"
SEMIQUANTITATIVE = f"EULAR 2025ABS0404 (Genoa), mean over the fields: Smith et al. 2011 {_ABSTRACT}"
MES_2008 = f"The three parts: EULAR 2025ABS0404 {_ABSTRACT}; name and sum: Sulli et al. 2008 {UNCONFIRMED}"
CSURI_2009 = (
    "Sebastiani et al. 2009, doi 10.1002/art.24394; 2013 (width 1.57 mm); Walker et al. 2018, "
    f"doi 10.1186/s13075-018-1733-6 {_ABSTRACT}; choice of the image: medicalalgorithms.com {_SECONDARY}"
)
NEMO = f"Sambataro et al. 2014, doi 10.1186/s13075-014-0462-8 {_ABSTRACT}"
LOSS_INDEX_2011 = f"Smith et al. 2011, doi 10.1136/ard.2010.132431 {_ABSTRACT}"
PACINI_2022 = f"Pacini et al. 2022, doi 10.1136/rmdopen-2022-002449 {_ABSTRACT}"
DETECTOR = "This station's detector"
SCALE = "This station's scale"
STATION = "This station"
WIDTH_ERROR = "Published mean width errors of 0.85 to 1.67 px: ANFC 2023, NFCMTL 2025"
REPEATABILITY = (
    "Images taken again after a week: Dinsdale et al., Reliability of image acquisition in nailfold capillaroscopy "
    f"{_ABSTRACT}; spread over patients: AUTOCAPI AB1133 {_ABSTRACT}"
)
