"""deploy/webhook as an embedded API server can take it."""
import pathlib
import shutil

ROOT = pathlib.Path(__file__).resolve().parents[2]


def serves_budgets(server):
    with server.open("GET", "/apis/policy/v1") as response:
        return response.status == 200


def copy_deploy(folder, server):
    """A copy of deploy/; without the PodDisruptionBudget if this server does not serve the kind."""
    shutil.copytree(ROOT / "deploy", folder)
    if not serves_budgets(server):
        file = folder / "webhook/kustomization.yaml"
        file.write_text(file.read_text().replace("- disruption-budget.yaml\n", ""))
    return folder
