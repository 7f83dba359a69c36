"""The device's whole pipeline against a labelled COCO file: the reference paper's figures, with intervals."""
