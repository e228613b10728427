"""What customers say, by touchpoint, mood and language: whole sentences, drawn and joined."""

Mood = str
DETRACTOR, PASSIVE, PROMOTER = "det", "pas", "pro"

SAYINGS: dict[str, dict[Mood, dict[str, tuple[str, ...]]]] = {
    "delivery": {
        DETRACTOR: {
            "en": (
                "The seal kits came {days} days later than promised and nobody told us.",
                "Third late delivery this year; we ran on a borrowed pump.",
                "Your parts desk names a date and then goes quiet.",
                "I found out from the tracking link that the parts would be late.",
            ),
            "nl": (
                "De pakkingsets kwamen {days} dagen later dan beloofd en niemand belde.",
                "Alweer een levering te laat; we draaiden op een geleende pomp.",
                "De onderdelenbalie noemt een datum en dan is het stil.",
                "Sinds het magazijn verhuisd is, klopt geen enkele leverdatum meer.",
            ),
            "de": (
                "Die Dichtungssätze kamen {days} Tage später als zugesagt, und niemand hat angerufen.",
                "Schon wieder zu spät geliefert; wir mussten eine Pumpe leihen.",
                "Der Ersatzteildienst nennt einen Termin und schweigt dann.",
            ),
            "fr": (
                "Les joints sont arrivés avec {days} jours de retard, sans un mot.",
                "Encore une livraison en retard ; nous avons tourné avec une pompe prêtée.",
                "Depuis le déménagement du dépôt, plus aucune date n'est tenue.",
            ),
        },
        PASSIVE: {
            "en": ("Delivery was fine, though the date moved once.", "On time this time; not always."),
            "nl": ("Levering was in orde, al schoof de datum een keer.", "Deze keer op tijd; niet altijd."),
            "de": (
                "Lieferung in Ordnung, der Termin hat sich einmal verschoben.",
                "Diesmal pünktlich, nicht immer.",
            ),
            "fr": (
                "Livraison correcte, même si la date a bougé une fois.",
                "À l'heure cette fois ; pas toujours.",
            ),
        },
        PROMOTER: {
            "en": ("Parts arrived the day you said.", "Ordered on Monday, fitted on Wednesday. Good."),
            "nl": (
                "Onderdelen kwamen precies op de beloofde dag.",
                "Maandag besteld, woensdag gemonteerd. Goed.",
            ),
            "de": ("Die Teile kamen am zugesagten Tag.", "Montag bestellt, Mittwoch eingebaut. Gut."),
            "fr": ("Les pièces sont arrivées le jour dit.", "Commandé lundi, monté mercredi. Très bien."),
        },
    },
    "service-visit": {
        DETRACTOR: {
            "en": (
                "The technician came without the right tools and had to come back.",
                "We waited {days} days for somebody to look at a stopped line.",
                "Nobody wrote down what was done, so we pay for the same visit twice.",
            ),
            "nl": (
                "De monteur kwam zonder het juiste gereedschap en moest terugkomen.",
                "We hebben {days} dagen gewacht tot iemand naar de lijn keek.",
            ),
            "de": (
                "Der Techniker kam ohne das richtige Werkzeug und musste wiederkommen.",
                "Wir haben {days} Tage gewartet, bis jemand nach der Anlage sah.",
            ),
            "fr": (
                "Le technicien est venu sans les bons outils et a dû revenir.",
                "Nous avons attendu {days} jours avec une ligne à l'arrêt.",
            ),
        },
        PASSIVE: {
            "en": ("The visit solved it, at the second try.", "Competent, but hard to get hold of."),
            "nl": ("Het bezoek loste het op, bij de tweede poging.", "Kundig, maar moeilijk te bereiken."),
            "de": ("Beim zweiten Besuch war es behoben.", "Fachlich gut, aber schwer zu erreichen."),
            "fr": ("Le problème a été réglé au deuxième passage.", "Compétent, mais difficile à joindre."),
        },
        PROMOTER: {
            "en": (
                "Your technician explained what he did and why. The pump has run since.",
                "Somebody came the same day. That saved our night shift.",
            ),
            "nl": (
                "De monteur legde uit wat hij deed. De pomp draait sindsdien.",
                "Dezelfde dag nog iemand ter plaatse. Dat redde onze nachtploeg.",
            ),
            "de": (
                "Der Techniker hat erklärt, was er tut. Seitdem läuft die Pumpe.",
                "Noch am selben Tag war jemand da. Das hat die Nachtschicht gerettet.",
            ),
            "fr": (
                "Le technicien a expliqué ce qu'il faisait. La pompe tourne depuis.",
                "Quelqu'un est venu le jour même. Cela a sauvé l'équipe de nuit.",
            ),
        },
    },
    "invoice": {
        DETRACTOR: {
            "en": (
                "Order numbers on the invoice do not match ours.",
                "Three invoices, three different order numbers.",
            ),
            "nl": (
                "Ordernummers op de factuur kloppen niet met de onze.",
                "Drie facturen, drie verschillende nummers.",
            ),
            "de": (
                "Die Bestellnummern auf der Rechnung stimmen nicht.",
                "Drei Rechnungen, drei verschiedene Nummern.",
            ),
            "fr": (
                "Les numéros de commande sur la facture ne sont pas les nôtres.",
                "Trois factures, trois numéros.",
            ),
        },
        PASSIVE: {
            "en": ("Invoices are correct but come late.",),
            "nl": ("Facturen kloppen maar komen laat.",),
            "de": ("Rechnungen stimmen, kommen aber spät.",),
            "fr": ("Les factures sont justes mais tardives.",),
        },
        PROMOTER: {
            "en": ("Invoicing just works.",),
            "nl": ("Facturatie loopt gewoon goed.",),
            "de": ("Die Abrechnung läuft einfach.",),
            "fr": ("La facturation fonctionne, tout simplement.",),
        },
    },
    "product-use": {
        DETRACTOR: {
            "en": (
                "The mechanical seal leaks again after {days} weeks.",
                "Too loud at night for our neighbours.",
            ),
            "nl": ("De asafdichting lekt na {days} weken opnieuw.", "'s Nachts te luid voor de buren."),
            "de": (
                "Die Gleitringdichtung leckt nach {days} Wochen wieder.",
                "Nachts zu laut für die Nachbarn.",
            ),
            "fr": (
                "La garniture fuit de nouveau après {days} semaines.",
                "Trop bruyant la nuit pour les voisins.",
            ),
        },
        PASSIVE: {
            "en": ("A solid pump. The display could be clearer.", "Does what it should."),
            "nl": ("Een degelijke pomp. Het scherm kan duidelijker.", "Doet wat hij moet doen."),
            "de": ("Eine solide Pumpe. Die Anzeige könnte klarer sein.", "Tut, was sie soll."),
            "fr": ("Une pompe solide. L'écran pourrait être plus clair.", "Fait ce qu'on lui demande."),
        },
        PROMOTER: {
            "en": (
                "It runs and runs; we forget that it is there.",
                "Uses a fifth less power than the old one.",
            ),
            "nl": (
                "Hij draait en draait; we vergeten dat hij er staat.",
                "Verbruikt een vijfde minder stroom.",
            ),
            "de": (
                "Sie läuft und läuft; wir vergessen, dass sie da ist.",
                "Braucht ein Fünftel weniger Strom.",
            ),
            "fr": ("Elle tourne sans qu'on y pense.", "Consomme un cinquième de moins que l'ancienne."),
        },
    },
    "start-up": {
        DETRACTOR: {
            "en": ("Start-up slipped by {days} days and the papers were missing.",),
            "nl": ("De inbedrijfstelling liep {days} dagen uit en de papieren ontbraken.",),
            "de": ("Die Inbetriebnahme verschob sich um {days} Tage, die Papiere fehlten.",),
            "fr": ("La mise en service a pris {days} jours de retard, sans les documents.",),
        },
        PASSIVE: {
            "en": ("Start-up went well; training was short.",),
            "nl": ("Opstart ging goed; de training was kort.",),
            "de": ("Inbetriebnahme gut, Einweisung kurz.",),
            "fr": ("Mise en service réussie ; formation un peu courte.",),
        },
        PROMOTER: {
            "en": ("Start-up accepted two days early. Well prepared.",),
            "nl": ("Twee dagen eerder opgeleverd. Goed voorbereid.",),
            "de": ("Zwei Tage früher abgenommen. Gut vorbereitet.",),
            "fr": ("Réceptionné deux jours en avance. Bien préparé.",),
        },
    },
    "documentation": {
        DETRACTOR: {
            "en": ("The manual is for another model.", "Spare part numbers in the manual are out of date."),
            "nl": ("De handleiding hoort bij een ander model.",),
            "de": ("Das Handbuch gehört zu einem anderen Modell.",),
            "fr": ("Le manuel est celui d'un autre modèle.",),
        },
        PASSIVE: {
            "en": ("Documentation is complete, if you know where to look.",),
            "nl": ("De documentatie is volledig, als je weet waar.",),
            "de": ("Die Unterlagen sind vollständig, wenn man weiß, wo.",),
            "fr": ("La documentation est complète, si l'on sait où chercher.",),
        },
        PROMOTER: {
            "en": ("Hygiene papers came with the delivery. Auditors were happy.",),
            "nl": ("Hygiënepapieren zaten bij de levering. De auditors waren tevreden.",),
            "de": ("Hygienepapiere lagen bei. Die Prüfer waren zufrieden.",),
            "fr": ("Les certificats d'hygiène étaient joints. Les auditeurs étaient contents.",),
        },
    },
}

FEELINGS: dict[Mood, tuple[str, ...]] = {
    DETRACTOR: ("frustrated", "neglected", "disappointed", "irritated", "stressed"),
    PASSIVE: ("interested", "focused"),
    PROMOTER: ("pleased", "trusting", "cared for", "valued", "safe"),
}
