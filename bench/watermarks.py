"""Rollouts in simulated clusters of 3 to 5,000 nodes: what it costs to know that all nodes have removed an endpoint."""
import subprocess

subprocess.run(["cmake", "--build", "build/release", "--target", "watermark_scale"], check=True, stdout=subprocess.DEVNULL)
subprocess.run(["build/release/bench/watermark_scale"], check=True)
