"""The kernel's jobs, gathered where workers look for them."""

from rapport.kernel.mail.sending import deliver, sweep_mail

__all__ = ["deliver", "sweep_mail"]
