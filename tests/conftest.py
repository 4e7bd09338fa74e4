from pathlib import Path

# Loaded first, on purpose: loaded late, beside the libraries of gRPC and libpq, it has ended a test process.
import cryptography.hazmat.primitives.ciphers.aead  # noqa: F401

pytest_plugins = sorted(path.stem for path in Path(__file__).parent.glob("fix_*.py"))
