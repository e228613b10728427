"""The server's settings: safe ones, sizes that suit the machine, and what the person wants otherwise."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from rapport.kernel.embedded.folders import PORT, Folders

_MB = 1024 * 1024


def configuration_text(folders: Folders, socket_dir: Path, settings: Mapping[str, str]) -> str:
    """Return the whole configuration file; the last line for a name wins, so the person's own come last."""
    chosen = {**_safety(folders, socket_dir), **_log(folders), **_sizes(), **settings}
    lines = [
        "# Written at every start. Your own settings belong in postgresql.user.conf; they win over these."
    ]
    lines += [f"{name} = {_quoted(value)}" for name, value in chosen.items()]
    if folders.user_configuration.exists():
        lines += ["", "# from postgresql.user.conf", folders.user_configuration.read_text(encoding="utf-8")]
    return "\n".join(lines) + "\n"


def _safety(folders: Folders, socket_dir: Path) -> dict[str, str]:
    return {
        "data_directory": str(folders.cluster),
        "hba_file": str(folders.cluster / "pg_hba.conf"),
        "ident_file": str(folders.cluster / "pg_ident.conf"),
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": '"' + str(socket_dir).replace('"', '""') + '"',
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "datestyle": "iso, ymd",
        "default_text_search_config": "pg_catalog.simple",
        "cluster_name": "rapport",
    }


def _log(folders: Folders) -> dict[str, str]:
    """Keep one week of logs, without the statements and values that would carry customers' data there."""
    return {
        "logging_collector": "on",
        "log_directory": str(folders.log),
        "log_filename": "server-%a.log",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_file_mode": "0600",
        "log_line_prefix": "%m [%p] ",
        "log_min_messages": "error",
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_statement": "none",
        "log_checkpoints": "off",
    }


def _sizes() -> dict[str, str]:
    """Take an eighth of the memory (64 MB to 1 GB) for shared buffers: web and worker live here too."""
    memory = _memory() // _MB
    sizes = {
        "max_connections": "100",
        "shared_buffers": f"{min(1024, max(64, memory // 8))}MB",
        "effective_cache_size": f"{max(256, memory // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{min(256, max(64, memory // 16))}MB",
        "random_page_cost": "1.1",
        "jit": "off",
        "wal_compression": "on",
        "max_wal_size": "2GB",
        "min_wal_size": "128MB",
        "checkpoint_timeout": "15min",
        "max_worker_processes": "8",
        "max_parallel_workers_per_gather": "1",
        "track_io_timing": "on",
    }
    shared_memory = Path("/dev/shm")  # noqa: S108 - looked at, never written
    if shared_memory.is_dir() and shutil.disk_usage(shared_memory).total < 256 * _MB:
        # Containers often give 64 MB, too little for a parallel query.
        sizes["dynamic_shared_memory_type"] = "mmap"
    return sizes


def _memory() -> int:
    """Return the bytes of memory we may use: the machine's, or fewer where a container is limited."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return machine
    return min(machine, int(limit)) if limit.isdigit() else machine


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
