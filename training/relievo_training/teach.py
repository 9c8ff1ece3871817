"""Labels that MediaPipe gives the training pictures: faces (box, five points), the relief of each face, a body's joints.

    pip install mediapipe==0.10.21 opencv-python-headless      # in an environment of its own: it pins an old NumPy
    python teach.py OUT FOLDER...

Writes OUT/NAME.npz, NAME being the folder's path with dashes: for every FOLDER/*.jpg (but NAME.dense.jpg) the rows
  faces   float32 [n, 16]      picture index, box x0 y0 x1 y1 (forehead to chin, ear to ear), five points x y, score
  relief  float32 [m, 468, 3]  FaceMesh vertices: x, y in pixels, z in pixels, smaller = nearer
  relief_of int32 [m]          picture index of each mesh
  joints  float32 [k, 33, 4]   BlazePose's joints of the one body it finds: x, y in pixels, z in metres, smaller = nearer,
                               and how sure it is that the joint is to be seen
  joints_of int32 [k]          picture index of each body
  names   the pictures' stems
and OUT/triangles.npy, int32 [854, 3]: FaceMesh's triangles, outward or not.
MediaPipe is Apache-2.0 (Lugaresi et al. 2019; BlazeFace: Bazarevsky et al. 2019; FaceMesh: Kartynnik et al. 2019;
BlazePose: Bazarevsky et al. 2020).
It runs here and in the evaluation beside ours, and is not needed by anything that ships.
"""
from __future__ import annotations

import pathlib
import sys

import cv2
import mediapipe as mp
import numpy as np

# BlazeFace's keypoints: right eye, left eye, nose, mouth centre, right ear, left ear (of the person).
# FaceMesh vertices: outer corners' means give the eyes; 1 the nose tip; 61 and 291 the corners of the mouth.
EYE_A, EYE_B, NOSE, MOUTH_A, MOUTH_B = (33, 133), (362, 263), (1,), (61,), (291,)
SIDE = 640  # small pictures are enlarged: BlazeFace misses faces of few pixels


def iou(a: np.ndarray, b: np.ndarray) -> float:
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    inter = max(w, 0) * max(h, 0)
    return inter / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inter)


def triangles() -> np.ndarray:
    """MediaPipe publishes the mesh as edges; its triangles are the triples that are joined pairwise."""
    edges = mp.solutions.face_mesh.FACEMESH_TESSELATION
    beside: dict[int, set[int]] = {}
    for a, b in edges:
        beside.setdefault(a, set()).add(b)
        beside.setdefault(b, set()).add(a)
    return np.array(sorted({tuple(sorted((a, b, c))) for a, b in edges for c in beside[a] & beside[b]}), np.int32)


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "triangles.npy", triangles())
    near = mp.solutions.face_detection.FaceDetection(model_selection=0, min_detection_confidence=0.5)
    far = mp.solutions.face_detection.FaceDetection(model_selection=1, min_detection_confidence=0.5)
    mesh = mp.solutions.face_mesh.FaceMesh(static_image_mode=True, max_num_faces=4, min_detection_confidence=0.5)
    pose = mp.solutions.pose.Pose(static_image_mode=True, model_complexity=1, min_detection_confidence=0.5)
    for folder in map(pathlib.Path, sys.argv[2:]):
        files = [f for f in sorted(folder.glob("*.jpg")) if "." not in f.stem]
        faces, relief, relief_of, joints, joints_of = [], [], [], [], []
        for i, f in enumerate(files):
            rgb = cv2.cvtColor(cv2.imread(str(f)), cv2.COLOR_BGR2RGB)
            h, w = rgb.shape[:2]
            s = SIDE / max(h, w)
            big = cv2.resize(rgb, (round(w * s), round(h * s)), interpolation=cv2.INTER_CUBIC)
            found: list[list[float]] = []
            for v in mesh.process(big).multi_face_landmarks or []:
                p = np.array([[q.x * w, q.y * h, q.z * w] for q in v.landmark[:468]], np.float32)
                relief.append(p)
                relief_of.append(i)
                five = [p[list(k), :2].mean(0) for k in (EYE_A, EYE_B, NOSE, MOUTH_A, MOUTH_B)]
                found.append([i, *p[:, :2].min(0), *p[:, :2].max(0), *np.concatenate(five), 1.0])
            for detector in (near, far):
                for d in detector.process(big).detections or []:
                    b = d.location_data.relative_bounding_box
                    box = np.array([b.xmin * w, b.ymin * h, (b.xmin + b.width) * w, (b.ymin + b.height) * h])
                    # BlazeFace's box is a square from the brows to the chin; FaceMesh's reaches the hairline.
                    box[1] -= 0.12 * (box[3] - box[1])
                    if any(iou(np.array(o[1:5]), box) > 0.3 for o in found):
                        continue
                    k = [np.array([q.x * w, q.y * h]) for q in d.location_data.relative_keypoints]
                    across = (k[1] - k[0]) * 0.36  # BlazeFace has the middle of the mouth only
                    found.append([i, *box, *k[0], *k[1], *k[2], *(k[3] - across), *(k[3] + across), d.score[0]])
            faces += found
            body = pose.process(big)
            if body.pose_landmarks:
                flat, deep = body.pose_landmarks.landmark, body.pose_world_landmarks.landmark
                joints.append([[p.x * w, p.y * h, q.z, p.visibility] for p, q in zip(flat, deep)])
                joints_of.append(i)
        name = "-".join(folder.resolve().parts[-2:])
        np.savez_compressed(out / f"{name}.npz", faces=np.array(faces, np.float32).reshape(-1, 16), relief=np.array(relief, np.float32).reshape(-1, 468, 3), relief_of=np.array(relief_of, np.int32), joints=np.array(joints, np.float32).reshape(-1, 33, 4), joints_of=np.array(joints_of, np.int32), names=np.array([f.stem for f in files]))
        print(f"{name}: {len(files)} pictures, {len(faces)} faces, {len(relief)} reliefs, {len(joints)} bodies", flush=True)


if __name__ == "__main__":
    main()
