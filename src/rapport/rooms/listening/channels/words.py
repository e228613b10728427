"""What our messages say by themselves, in the languages we speak; a programme's own words go before."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MailWords:
    """The set pieces of an invitation, in one language; `{…}` is filled in by name."""

    subject: str
    greeting: str
    intro: str
    about: str
    reminder_subject: str
    reminder_intro: str
    button: str
    choose: str
    minutes: str
    why: str
    stop: str
    expires: str
    anonymous: str
    message: str
    close: str
    send: str
    kept: str
    more: str
    open: str
    sheet: str


WORDS = {
    "en": MailWords(
        subject="{us}: how are we doing?",
        greeting="Hello {name},",
        intro="You know how it is to work with us. Would you tell us? It takes a few minutes, and we read every answer.",
        about="It is about: {occasion}.",
        reminder_subject="Still time to tell {us} how we are doing",
        reminder_intro="We would still like to hear from you. If you have answered already, thank you, and please leave this aside.",
        button="Answer now",
        choose="Choose an answer; nothing is sent before you say so on the next page.",
        minutes="On a phone or a desk, and you may go on later where you stopped.",
        why="You get this because you work with {us} at {account}.",
        stop="No more surveys, please",
        expires="The link is yours alone and can be used until {day}.",
        anonymous="Your answer is anonymous.",
        message="{us}: how are we doing? Tell us: {link}",
        close="Close",
        send="Send",
        kept="Thank you. Your answer has arrived.",
        more="Say more",
        open="Answer on its own page",
        sheet="Sheet",
    ),
    "de": MailWords(
        subject="{us}: Wie machen wir uns?",
        greeting="Guten Tag {name},",
        intro="Sie wissen, wie es ist, mit uns zu arbeiten. Sagen Sie es uns? Es dauert wenige Minuten, und wir lesen jede Antwort.",
        about="Es geht um: {occasion}.",
        reminder_subject="Noch ist Zeit: Wie macht sich {us}?",
        reminder_intro="Wir würden weiterhin gern von Ihnen hören. Falls Sie schon geantwortet haben: danke, dann ist nichts zu tun.",
        button="Jetzt antworten",
        choose="Wählen Sie eine Antwort; gesendet wird erst, wenn Sie es auf der nächsten Seite sagen.",
        minutes="Am Telefon oder am Schreibtisch; Sie können später dort weitermachen, wo Sie aufgehört haben.",
        why="Sie erhalten dies, weil Sie bei {account} mit {us} arbeiten.",
        stop="Bitte keine Umfragen mehr",
        expires="Der Link gehört nur Ihnen und gilt bis {day}.",
        anonymous="Ihre Antwort ist anonym.",
        message="{us}: Wie machen wir uns? Sagen Sie es uns: {link}",
        close="Schließen",
        send="Senden",
        kept="Danke. Ihre Antwort ist angekommen.",
        more="Mehr dazu sagen",
        open="Auf eigener Seite antworten",
        sheet="Bogen",
    ),
    "fr": MailWords(
        subject="{us} : comment travaillons-nous ?",
        greeting="Bonjour {name},",
        intro="Vous savez ce que c’est de travailler avec nous. Nous le direz-vous ? Quelques minutes suffisent, et nous lisons chaque réponse.",
        about="Il s’agit de : {occasion}.",
        reminder_subject="Il est encore temps de dire à {us} ce que vous en pensez",
        reminder_intro="Nous aimerions toujours vous entendre. Si vous avez déjà répondu, merci, et ne tenez pas compte de ce message.",
        button="Répondre maintenant",
        choose="Choisissez une réponse ; rien n’est envoyé avant que vous ne le disiez à la page suivante.",
        minutes="Au téléphone ou au bureau ; vous pouvez reprendre plus tard là où vous en étiez.",
        why="Vous recevez ce message parce que vous travaillez avec {us} chez {account}.",
        stop="Plus d’enquêtes, s’il vous plaît",
        expires="Ce lien n’est qu’à vous et reste valable jusqu’au {day}.",
        anonymous="Votre réponse est anonyme.",
        message="{us} : comment travaillons-nous ? Dites-le-nous : {link}",
        close="Fermer",
        send="Envoyer",
        kept="Merci. Votre réponse est arrivée.",
        more="En dire plus",
        open="Répondre sur une page à part",
        sheet="Feuille",
    ),
    "nl": MailWords(
        subject="{us}: hoe doen we het?",
        greeting="Beste {name},",
        intro="U weet hoe het is om met ons te werken. Vertelt u het ons? Het kost een paar minuten, en we lezen elk antwoord.",
        about="Het gaat over: {occasion}.",
        reminder_subject="Er is nog tijd: hoe doet {us} het?",
        reminder_intro="We horen nog graag van u. Hebt u al geantwoord, dan bedankt, en u hoeft niets te doen.",
        button="Nu antwoorden",
        choose="Kies een antwoord; er wordt niets verstuurd voordat u dat op de volgende pagina zegt.",
        minutes="Op een telefoon of achter een bureau; u kunt later verdergaan waar u was.",
        why="U krijgt dit omdat u bij {account} met {us} werkt.",
        stop="Geen enquêtes meer, graag",
        expires="De link is alleen van u en werkt tot en met {day}.",
        anonymous="Uw antwoord is anoniem.",
        message="{us}: hoe doen we het? Vertel het ons: {link}",
        close="Sluiten",
        send="Versturen",
        kept="Dank u. Uw antwoord is aangekomen.",
        more="Meer vertellen",
        open="Op een eigen pagina antwoorden",
        sheet="Blad",
    ),
}


def words_in(language: str) -> MailWords:
    """Return our words in a language, or in English where we do not speak it."""
    return WORDS.get(language.split("-")[0], WORDS["en"])
