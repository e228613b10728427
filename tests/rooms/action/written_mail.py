"""Replies as common programs write them, with {to} for the address they go to and {words} for what is new."""

GMAIL_EN = """\
Return-Path: <account_manager@halden.example>
MIME-Version: 1.0
Date: Tue, 15 Sep 2026 10:12:00 +0200
Message-ID: <CAF=gm-en@mail.example>
Subject: Re: C1: Veldhuis Meppel, Third time this year
From: Account Manager <account_manager@halden.example>
To: Rapport <{to}>
Content-Type: multipart/alternative; boundary="0000000000008a1b2c"

--0000000000008a1b2c
Content-Type: text/plain; charset="UTF-8"

{words}

Best regards,
Account Manager

On Tue, Sep 15, 2026 at 9:03 AM Rapport of Halden Flow <
rapport@halden.example> wrote:

> Hello Account Manager,
>
> This is case C1, and it is yours.

--0000000000008a1b2c
Content-Type: text/html; charset="UTF-8"

<div dir="ltr">{words}</div><br><div class="gmail_quote"><blockquote>Hello</blockquote></div>

--0000000000008a1b2c--
"""
GMAIL_DE = """\
MIME-Version: 1.0
Message-ID: <CAF=gm-de@mail.example>
Subject: =?UTF-8?Q?Re=3A_C1=3A_Zu_sp=C3=A4t?=
From: Account Manager <account_manager@halden.example>
To: {to}
Content-Type: text/plain; charset="UTF-8"
Content-Transfer-Encoding: 8bit

{words}

Mit freundlichen Grüßen
Account Manager

Am Di., 15. Sept. 2026 um 09:03 Uhr schrieb Rapport <rapport@halden.example>:

> Hallo Account Manager,
> das ist Fall C1.
"""
OUTLOOK_EN = """\
From: Account Manager <Account_Manager@halden.example>
To: Rapport <{to}>
Subject: RE: C1: Veldhuis Meppel
Thread-Topic: C1: Veldhuis Meppel
Message-ID: <AM0PR01-en@halden.example>
Content-Type: text/plain; charset="us-ascii"
MIME-Version: 1.0

{words}

Account Manager
Key accounts, Halden Flow
+31 20 555 0100

From: Rapport <rapport@halden.example>
Sent: Tuesday, September 15, 2026 9:03 AM
To: Account Manager <account_manager@halden.example>
Subject: C1: Veldhuis Meppel

Hello Account Manager,
This is case C1, and it is yours.
"""
OUTLOOK_DE = """\
From: "Manager, Account" <account_manager@halden.example>
To: {to}
Subject: AW: C1: Veldhuis Meppel
Message-ID: <AM0PR01-de@halden.example>
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable
MIME-Version: 1.0

{words}

________________________________
Von: Rapport <rapport@halden.example>
Gesendet: Dienstag, 15. September 2026 09:03
An: Account Manager <account_manager@halden.example>
Betreff: C1: Veldhuis Meppel

Hallo Account Manager,
das ist Fall C1. Sch=F6ne Gr=FC=DFe.
"""
OUTLOOK_HTML_ONLY = """\
From: Account Manager <account_manager@halden.example>
To: {to}
Subject: RE: C1
Message-ID: <AM0PR01-html@halden.example>
Content-Type: text/html; charset="utf-8"
MIME-Version: 1.0

<html xmlns:o="urn:o"><head><style><!-- p.MsoNormal {{margin:0cm}} --></style></head>
<body lang="EN-GB"><div class="WordSection1"><p class="MsoNormal">{words}<o:p></o:p></p></div>
<div id="appendonsend"></div><hr tabindex="-1"><div id="divRplyFwdMsg" ><font><b>From:</b> Rapport<br>
<b>Sent:</b> Tuesday<br><b>To:</b> Account Manager<br><b>Subject:</b> C1</font></div>
<div><p>Hello Account Manager, this is case C1.</p></div></body></html>
"""
APPLE_PHONE_DE = """\
From: Account Manager <account_manager@halden.example>
To: {to}
Subject: Re: C1
Message-ID: <3F1A-phone@halden.example>
Content-Type: text/plain; charset=utf-8
Mime-Version: 1.0 (1.0)

{words}

Von meinem iPhone gesendet

> Am 15.09.2026 um 09:03 schrieb Rapport <rapport@halden.example>:
> =20
> Hallo Account Manager,
"""
THUNDERBIRD = """\
Message-ID: <tb-1@halden.example>
From: Account Manager <account_manager@halden.example>
To: {to}
Subject: Re: C1
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8; format=flowed

{words}

--{space}
Account Manager
Halden Flow

Am 15.09.26 um 09:03 schrieb Rapport:
> Hallo Account Manager,
> das ist Fall C1.
"""
WITH_A_FILE = """\
Message-ID: <file-1@halden.example>
From: Account Manager <account_manager@halden.example>
To: {to}
Subject: Re: C1
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b1"

--b1
Content-Type: text/plain; charset=UTF-8

{words}

--b1
Content-Type: application/pdf; name="offer.pdf"
Content-Disposition: attachment; filename="offer.pdf"
Content-Transfer-Encoding: base64

JVBERi0=

--b1--
"""
WRITTEN = {
    "Gmail, English": GMAIL_EN,
    "Gmail, German": GMAIL_DE,
    "Outlook, English": OUTLOOK_EN,
    "Outlook, German": OUTLOOK_DE,
    "Outlook, only HTML": OUTLOOK_HTML_ONLY,
    "a telephone, German": APPLE_PHONE_DE,
    "Thunderbird": THUNDERBIRD,
}
