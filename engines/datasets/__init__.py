"""Labelled nailfold images: read, written and converted between COCO, LabelMe and YOLO."""
