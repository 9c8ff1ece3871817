"""What MediaPipe answers on the evaluation sets, for bench/heads.mjs to score beside ours.

    pip install mediapipe==0.10.21 opencv-python-headless      # in an environment of its own: it pins an old NumPy
    python evaluate_heads.py DATA OUT

Writes OUT/SET/NAME.png (8-bit matte of selfie segmentation, general model, at the photo's size) and OUT/faces.json:
{"SET/NAME": [[x, y, width, height, score], …]} of BlazeFace, near and far model, in pixels.
MediaPipe is Apache-2.0 (Lugaresi et al. 2019; BlazeFace: Bazarevsky et al. 2019).
"""
from __future__ import annotations

import json
import pathlib
import sys

import cv2
import mediapipe as mp
import numpy as np

SETS = ("portraits", "iphone", "synthetic", "room")


def main() -> None:
    data, out = map(pathlib.Path, sys.argv[1:3])
    segment = mp.solutions.selfie_segmentation.SelfieSegmentation(model_selection=0)
    detectors = [mp.solutions.face_detection.FaceDetection(model_selection=m, min_detection_confidence=0.5) for m in (0, 1)]
    faces: dict[str, list[list[float]]] = {}
    for name in SETS:
        (out / name).mkdir(parents=True, exist_ok=True)
        for f in sorted((data / "dev" / name).glob("*.jpg")):
            rgb = cv2.cvtColor(cv2.imread(str(f)), cv2.COLOR_BGR2RGB)
            h, w = rgb.shape[:2]
            mask = cv2.resize(segment.process(rgb).segmentation_mask, (w, h))
            cv2.imwrite(str(out / name / f"{f.stem}.png"), np.round(np.clip(mask, 0, 1) * 255).astype(np.uint8))
            found: list[list[float]] = []
            for d in detectors:
                for one in d.process(rgb).detections or []:
                    b = one.location_data.relative_bounding_box
                    box = [b.xmin * w, b.ymin * h, b.width * w, b.height * h, one.score[0]]
                    if all(overlap(box, o) < 0.4 for o in found):
                        found.append(box)
            faces[f"{name}/{f.stem}"] = found
    (out / "faces.json").write_text(json.dumps(faces))


def overlap(a: list[float], b: list[float]) -> float:
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    inter = max(w, 0) * max(h, 0)
    return inter / (a[2] * a[3] + b[2] * b[3] - inter)


if __name__ == "__main__":
    main()
