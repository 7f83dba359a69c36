"""Results as older and foreign software recorded them."""

_DIGESTS = f'"detector":"sha256:{"a" * 64}","keypoints":"sha256:{"b" * 64}"'

FIRST_EDITION = (
    '{"schema":"nailfold.analysis/1","software":{"version":"0.1.0","runtime":"onnxruntime-cpu","engines":{'
    + _DIGESTS
    + '}},"images":[{"file":"a.png","width":64,"height":48,"captured_at":"2026-11-22T12:00:03.000Z","um_per_px":1.41,'
    '"calibration_id":"dinolite-220x","quality":{"evaluable":true,"reasons":[],"focus":0.8,"glare":0.01,'
    '"motion_px":0.4,"exposure":0.5},"capillaries":[{"bbox_px":[10.0,8.0,22.0,35.0],"score":0.93,"track_id":17,'
    '"row":"distal","morphology":"normal","size":"enlarged","size_basis":"measured","apex_px":[20.0,10.0],'
    '"segments_px":{"apical":[[20.0,10.0],[20.0,26.0]],"arterial":null,"venous":null},"widths_px":{"apical":16.0,'
    '"arterial":null,"venous":null},"widths_um":{"apical":22.56,"arterial":null,"venous":null}}],'
    '"haemorrhages":[{"bbox_px":[1.0,2.0,5.0,4.0],"score":0.7}],"metrics":{"capillaries_total":1,'
    '"capillaries_distal":1,"distal_row_mm":0.143,"density_per_mm":7.0,"density_unmeasurable_because":null,'
    '"mean_apical_um":22.56,"largest_width_um":22.56,"normal":1,"tortuous":0,"ramified":0,"giant":0,'
    '"size_normal":0,"size_enlarged":1,"size_giant":0,"haemorrhages":1}}]}'
)
"""Written by the first version of the format, before a scale had an uncertainty, a frame hints or a calibre a cut."""

FOREIGN = (
    FIRST_EDITION.replace('"images":[{', '"site" : "Zürich",\n "images": [{"lens":{"id":7},')
    .replace('"quality":{', '"quality":{"fog":0.25,')
    .replace('"track_id":17', '"track_id":17,"flow_um_s":212.50')
    .replace('"um_per_px":1.41', '"um_per_px":1.410')
)
"""The same with members that this software does not know, in a spelling that it would not choose."""
