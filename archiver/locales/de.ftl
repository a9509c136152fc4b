# Texte des Schreibtischs (Desk), Deutsch. Das englische Gegenstück ist en.ftl; beide haben dieselben Schlüssel.
# Schlichte Wörter, eine Anweisung je Satz.
# Ein Wort für eine Sache, auch am Telefon (gateway/prompts):
#   Protokoll (nicht Niederschrift); Einwilligung, und als Tätigkeit zustimmen (nicht Zustimmung, nicht einwilligen);
#   Aufnahme (nicht Aufzeichnung, nicht Mitschnitt); Sitzung; Platz; Quittung; Taste, Rautetaste, Sterntaste;
#   die Aufnahme anhalten (nicht unterbrechen, nicht pausieren);
#   den Zugang sperren (nicht die Sitzung), und zurück freigeben (nicht aufheben; am Telefon: wieder öffnen);
#   gelöscht wird eine Stimme auf Wunsch, vernichtet die ganze Aufnahme am Ende ihrer Frist (am Telefon heißt beides löschen).

desk-name = Amtsleitung
desk-what = Telefonleitung und Archiv für Sitzungen
desk-skip = Zum Inhalt springen
desk-nav = Hauptmenü
desk-nav-meetings = Sitzungen
desk-language = English
desk-language-label = Show this page in English
desk-licences = Lizenzen
desk-leave = Abmelden

# Tage und Zeiten
month-1 = Januar
month-2 = Februar
month-3 = März
month-4 = April
month-5 = Mai
month-6 = Juni
month-7 = Juli
month-8 = August
month-9 = September
month-10 = Oktober
month-11 = November
month-12 = Dezember
day = { $day }. { $month } { $year }
day-and-time = { $day }. { $month } { $year }, { $hour }:{ $minute } Uhr
hour-and-minute = { $hour }:{ $minute } Uhr

# Plätze
seat = Telefon { $seat }
seats-nobody = Zurzeit ist niemand da.
seats-now = { $count ->
    [one] Eine Person ist da.
   *[other] { $count } Personen sind da.
}
seats-recorded = { $count ->
    [0] Niemand wird aufgenommen.
    [one] Eine Person wird aufgenommen.
   *[other] { $count } Personen werden aufgenommen.
}
seat-head = Platz
seat-where = Wo
seat-record = Aufnahme
seat-arriving = kommt gerade
seat-in-room = im Raum
seat-muted = stumm
seat-hand = meldet sich (an { $place }. Stelle)
seat-help = bittet um Hilfe
seat-member = { $who } (Mitglied)
seat-chair = { $who } (Vorsitz)
seat-recorded = wird aufgenommen
seat-not-recorded = keine Aufnahme
seat-do = Was Sie tun können
seat-mute = Stumm schalten
seat-mute-label = { $who } stumm schalten
seat-mute-hint = Wer stumm ist, hört weiter zu. Das eigene Mikrofon kann nur die Person selbst wieder einschalten: mit der Sterntaste und der 6.
seat-shared = mehrere sprechen
seat-share = Mehrere sprechen
seat-share-label = Durch { $who } sprechen mehrere: nicht aufnehmen
seat-alone = Nur eine Person
seat-alone-label = Durch { $who } spricht nur noch eine Person: neu fragen
seat-share-hint = Sprechen mehrere durch ein Telefon, wird von ihm nichts mehr aufgenommen. Ist es wieder eine Person, wird sie neu gefragt.
seat-dismiss = Gespräch beenden
seat-dismiss-label = Gespräch von { $who } beenden

# Seite: Sitzungen
meetings-title = Sitzungen
meetings-none = Es ist noch keine Sitzung angelegt.
meetings-gateway-away = Die Telefonanlage antwortet gerade nicht. Laufende Gespräche und Aufnahmen gehen davon unabhängig weiter. Diese Seite versucht es von selbst noch einmal.
meeting-name = Sitzung { $number }
meeting-running = läuft
meeting-idle = niemand da
meeting-seats-table = Wer ist in Sitzung { $number }
meeting-open = Sitzung begleiten
meeting-open-label = Sitzung { $number } begleiten
meeting-end = Sitzung beenden
meeting-keys-low = { $count ->
    [0] Es ist kein Schlüssel für neue Stimmen mehr da. Das Archiv legt von selbst neue an.
    [one] Es ist nur noch ein Schlüssel für neue Stimmen da. Das Archiv legt von selbst neue an.
   *[other] Es sind nur noch { $count } Schlüssel für neue Stimmen da. Das Archiv legt von selbst neue an.
}
recordings-title = Aufnahmen
recordings-none = Noch keine Aufnahme. Sie erscheint hier, sobald jemand anruft und der Aufnahme zustimmt.
recording-name = Aufnahme vom { $when }
recording-count = { $count ->
    [0] Keine Stimme
    [one] Eine Stimme
   *[other] { $count } Stimmen
}

# Zustand einer Aufnahme, kurz
state-running = läuft noch
state-kept = aufbewahrt
state-approved = Protokoll genehmigt
state-destroying = wird vernichtet
state-destroyed = vernichtet

# Seite: eine Sitzung, während sie läuft
live-reload = Diese Seite neu laden
live-stale = Diese Seite bekommt gerade keine neuen Angaben. Was hier steht, kann veraltet sein. Sie versucht es von selbst noch einmal.
help-wanted = { $who } bittet um Hilfe. Bitte sprechen Sie die Person an.
help-done = Erledigt
help-done-label = Die Bitte von { $who } um Hilfe ist erledigt
record-failing = Es wird gerade nichts aufgenommen. Der Speicher der Telefonanlage ist voll oder gestört. Die Gespräche gehen weiter. Sagen Sie bitte den Menschen Bescheid, die die Telefonanlage betreuen.
record-title = Aufnahme
record-on = läuft
record-on-what = Aufgenommen wird, wer zugestimmt hat. Sonst niemand.
record-trouble = gestört
record-trouble-what = Die Aufnahme ist eingeschaltet, aber es wird nichts aufgenommen.
record-paused = angehalten
record-paused-chair = Der Vorsitz hat die Aufnahme angehalten. Niemand wird aufgenommen.
record-paused-member = Ein Mitglied hat verlangt, dass die Aufnahme angehalten wird. Niemand wird aufgenommen.
record-paused-desk = Die Aufnahme wurde hier am Schreibtisch angehalten. Niemand wird aufgenommen.
record-paused-restart = Die Telefonanlage ist neu gestartet. Deshalb ist die Aufnahme angehalten. Niemand wird aufgenommen.
record-off = aus
record-off-what = Niemand wird aufgenommen. Wenn die Aufnahme beginnt, werden alle einzeln gefragt.
record-pause = Aufnahme anhalten
record-resume = Aufnahme fortsetzen
record-start = Aufnahme beginnen
record-close = Diesen Teil schließen
record-close-hint = Vor einem nichtöffentlichen Teil schließen Sie diesen Teil. Dann wird nichts mehr aufgenommen.
record-word = Beginnen oder fortsetzen dürfen Sie nur, wenn der Vorsitz es sagt.
agenda-title = Tagesordnung
agenda-now = Jetzt: Tagesordnungspunkt { $item }
agenda-none = Es ist kein Tagesordnungspunkt gewählt. Wer am Telefon danach fragt, hört das auch so.
agenda-next = Weiter zu Tagesordnungspunkt { $item }
agenda-other = Anderen Tagesordnungspunkt wählen
agenda-number = Nummer des Tagesordnungspunkts (1 bis 999)
agenda-set = Übernehmen
agenda-unset = Keinen Tagesordnungspunkt wählen
agenda-missing = Bitte geben Sie eine Zahl von 1 bis 999 ein.
hands-title = Wortmeldungen
hands-none = Niemand meldet sich.
hands-call = { $who } aufrufen
who-title = Wer ist da
locked = Der Zugang ist gesperrt
lock = Zugang sperren
unlock = Zugang freigeben
mute-all = Alle stumm schalten

# Was gerade getan wurde
done-at = { $time }: { $what }
done-started = Sie haben die Aufnahme eingeschaltet. Alle hören das.
done-paused = Sie haben die Aufnahme angehalten. Alle hören das.
done-closed = Sie haben diesen Teil geschlossen. Die Gespräche gehen weiter.
done-locked = Sie haben den Zugang gesperrt.
done-unlocked = Sie haben den Zugang freigegeben.
done-agenda = Jetzt gilt Tagesordnungspunkt { $item }.
done-no-agenda = Es gilt kein Tagesordnungspunkt mehr.
done-floor = Sie haben { $who } aufgerufen.
done-no-hand = Es hat sich niemand mehr gemeldet.
done-helped = Die Bitte von { $who } um Hilfe ist erledigt.
done-muted = Sie haben { $who } stumm geschaltet.
done-all-muted = Sie haben alle stumm geschaltet, nur den Vorsitz nicht.
done-shared = Durch { $who } sprechen mehrere. Von diesem Platz wird nichts mehr aufgenommen.
done-alone = Durch { $who } spricht eine Person. Sie wird jetzt neu gefragt.
done-dismissed = Sie haben das Gespräch von { $who } beendet.

# Fragen, bevor etwas getan wird
ask-start-title = Aufnahme fortsetzen?
ask-start-what = Ein Mitglied hat verlangt, dass die Aufnahme angehalten wird. Setzen Sie sie nur fort, wenn der Vorsitz es gesagt hat.
ask-start-yes = Ja, Aufnahme fortsetzen
ask-close-title = Diesen Teil der Sitzung schließen?
ask-close-what = Die Aufnahme dieses Teils endet, und mit ihr jede Einwilligung. Die Gespräche gehen weiter. Das lässt sich nicht zurücknehmen. Beginnt die Aufnahme später wieder, werden alle neu gefragt.
ask-close-yes = Ja, diesen Teil schließen
ask-lock-title = Zugang sperren?
ask-lock-what = Wer jetzt anruft, kommt nicht mehr herein. Auch wessen Verbindung abreißt, bleibt draußen; nur der Vorsitz nicht. Sie können den Zugang jederzeit wieder freigeben.
ask-lock-yes = Ja, Zugang sperren
ask-mute-all-title = Alle stumm schalten?
ask-mute-all-what = Niemand außer dem Vorsitz ist dann zu hören. Jede Person kann ihr Mikrofon selbst wieder einschalten. Sie können das nicht für sie tun.
ask-mute-all-yes = Ja, alle stumm schalten
ask-dismiss-title = Gespräch von { $who } beenden?
ask-dismiss-what = Die Person hört einen Abschied. Dann endet ihr Gespräch. Sie kann wieder anrufen, solange der Zugang nicht gesperrt ist.
ask-dismiss-yes = Ja, Gespräch beenden

# Seite: Sitzung beenden
end-title = Sitzung { $number } beenden?
end-what = Alle Anrufenden hören einen Abschied. Dann endet ihr Gespräch. Die Aufnahme wird geschlossen und kommt ins Archiv.
end-who = { $count ->
    [0] Zurzeit ist niemand in der Sitzung.
    [one] Zurzeit ist eine Person in der Sitzung.
   *[other] Zurzeit sind { $count } Personen in der Sitzung.
}
end-yes = Ja, Sitzung jetzt beenden
end-no = Nein, zurück
end-done = Die Sitzung { $number } ist beendet.

# Seite: Aufnahme
recording-title = Aufnahme vom { $when }
recording-of = Sitzung { $number }
recording-back = Zurück zu den Sitzungen
recording-state-running = Die Sitzung läuft noch. Die Aufnahme wird laufend ins Archiv übernommen. Laden Sie die Seite neu, um Neues zu hören.
recording-state-kept = Die Aufnahme wird aufbewahrt, bis das Protokoll genehmigt ist, und danach noch drei ganze Tage. Am vierten Tag wird sie vernichtet, spätestens am { $day }.
recording-state-approved = Das Protokoll wurde am { $approved } genehmigt. Die Aufnahme wird am { $day } vernichtet.
recording-state-destroying = Die Aufnahme wird gerade vernichtet. Sie kann nicht mehr gehört werden.
recording-state-destroyed = Die Aufnahme wurde am { $day } vernichtet. Sie kann nicht mehr gehört werden.

listen-title = Anhören
listen-why = Wozu möchten Sie die Aufnahme hören?
listen-why-hint = Der Zweck wird aufgeschrieben, bevor der erste Ton zu hören ist. Hören Sie nur, was Sie für diesen Zweck brauchen.
listen-start = Zweck festhalten und anhören
listen-missing = Bitte wählen Sie zuerst einen Zweck aus.
listen-nothing = Es gibt nichts zu hören: Niemand hat der Aufnahme zugestimmt, oder alle Stimmen wurden gelöscht.
listen-purpose = Zweck: { $purpose }
listen-until = Mit diesem Zweck können Sie bis { $when } hören. Danach werden Sie noch einmal gefragt.
listen-voices = Wen möchten Sie hören?
listen-all = Alle Stimmen
listen-player = Ton der Aufnahme: { $voice }
listen-length = Länge: { $length }
listen-keys = Tasten: Leertaste spielt und hält an. Pfeil links und Pfeil rechts springen fünf Sekunden. Pos1 springt zum Anfang.
listen-back = 10 Sekunden zurück
listen-forward = 10 Sekunden vor
listen-speed = Tempo
listen-speed-slow = langsam
listen-speed-normal = normal
listen-speed-fast = schnell
listen-trouble = Dieser Teil der Aufnahme kann gerade nicht gelesen werden. Bitte laden Sie die Seite neu.
listen-locked = Das Archiv ist verschlossen. Deshalb kann gerade niemand die Aufnahme hören. Sagen Sie bitte den Menschen Bescheid, die das Archiv betreuen.
purpose-minutes = Protokoll schreiben
purpose-objection = Einwand gegen das Protokoll prüfen
purpose-request = Einer Person Auskunft über ihre Daten geben
purpose-check = Prüfen, ob die Technik gut arbeitet

stretch-title = Was nicht aufgenommen wurde
stretch-hint = An diesen Stellen fehlt etwas. Wer ohne Aufnahme gesprochen hat, ist nirgends gespeichert.
stretch-off-record = mit Beiträgen ohne Aufnahme
stretch-erased = Lücke: Eine Stimme wurde gelöscht
stretch-paused = Aufnahme angehalten
stretch-gap = Lücke: { $reason }
stretch-from-until = { $from } bis { $until }
stretch-none = Keine Lücken: In dieser Aufnahme hatten alle im Raum zugestimmt.
stretch-error = Zwischen zwei Teilen dieser Aufnahme kann die Zeit um bis zu { $ms } Millisekunden abweichen.
gap-ring-full = Der Rechner war überlastet
gap-hold = Gespräch gehalten
gap-disk = Der Speicher war voll oder gestört
gap-no-keys = Es fehlten Schlüssel
gap-state-unknown = Unklar, ob aufgenommen werden durfte
gap-interrupted = Die Telefonanlage wurde unterbrochen

approve-title = Protokoll
approve-what = Ist das Protokoll genehmigt? Dann bleibt die Aufnahme noch drei ganze Tage. Vernichtet wird sie am { $day }.
approve-revocable = Bis dahin können Sie das zurücknehmen.
approve-do = Protokoll genehmigt
approve-undo = Genehmigung zurücknehmen
approve-running = Solange die Sitzung läuft, kann das Protokoll nicht genehmigt werden.

facts-title = Angaben zur Aufnahme
facts-number = Sitzungsnummer
facts-began = Beginn
facts-ended = Ende
facts-length = Länge
facts-voices = Aufgenommene Stimmen
facts-rule = Löschregel
facts-destroy = Wird vernichtet
facts-destroy-latest = spätestens am { $day }
facts-destroy-on = am { $day }
facts-destroy-done = vernichtet am { $day }
facts-exports = Ausgegebene Kopien
facts-id = Kennung
rule-until-approval = Bis das Protokoll genehmigt ist und drei ganze Tage danach, höchstens sechs Monate nach der Sitzung
rule-other = { $rule }

consent-title = Einwilligungen
consent-hint = Gezählt werden Entscheidungen, keine Personen. Nummern und Namen sind nicht gespeichert.
consent-given = zugestimmt
consent-refused = abgelehnt
consent-timed-out = keine Antwort (gilt als abgelehnt)
consent-withdrawn = zurückgenommen
consent-count-head = Anzahl
consent-kind-head = Entscheidung

# Seite: Löschnachweis
proof-link = Löschnachweis ansehen
proof-title = Löschnachweis
proof-what = Diese Aufnahme ist vernichtet. Der Nachweis zählt auf, welche Speicher geleert und geprüft wurden. Er ist unterschrieben und kann ohne das Archiv geprüft werden.
proof-limit = Der Nachweis gilt für die Speicher, die dieses System kennt. Kopien, die jemand ausgegeben hat, sind gezählt, aber nicht vernichtet.
proof-of = Nachweis zur Aufnahme vom { $when }
proof-facts = Was der Nachweis sagt
proof-when = Vernichtet
proof-keys = Vernichtete Schlüssel
proof-objects = Entfernte Dateien im Speicher
proof-stores = Geleerter und geprüfter Speicher
proof-spools = Zwischenspeicher der Telefonanlagen
proof-spools-are = { $seen } leer, { $other } nicht gesehen
proof-key = Schlüssel der Unterschrift
proof-exports = Vorher ausgegebene Kopien
proof-backups = Sicherungskopien
proof-backups-none = Dieses System legt keine an.
proof-download = Nachweis herunterladen
proof-check = So prüft man den Nachweis
proof-check-how = Laden Sie den Nachweis herunter. Prüfen Sie ihn auf einem beliebigen Rechner mit diesem Befehl:
proof-raw = Nachweis im Wortlaut
proof-none-title = Noch kein Löschnachweis
proof-back = Zur Aufnahme
proof-none = Zu dieser Aufnahme gibt es noch keinen Löschnachweis. Er entsteht, wenn sie vernichtet wird.

# Freundliche Auskünfte
door-title = Bitte melden Sie sich an
door-what = Diese Seite ist nur für angemeldete Personen.
door-how = Öffnen Sie den Anmelde-Link. Er steht dort, wo das Archiv gestartet wurde. Jeder Link gilt einmal. Ein neuer erscheint bei jedem Start.
used-title = Dieser Link wurde schon benutzt
used-what = Ein Anmelde-Link gilt nur einmal, damit niemand anders ihn verwenden kann.
used-how = Sind Sie in diesem Browser schon angemeldet? Dann geht es unten weiter. Sonst brauchen Sie einen neuen Link. Er erscheint, wenn das Archiv neu gestartet wird.
used-on = Zu den Sitzungen
enter-title = Sie sind angemeldet
enter-do = Weiter zu den Sitzungen
left-title = Sie sind abgemeldet
left-what = Sie können dieses Fenster schließen.
missing-title = Diese Seite gibt es nicht
missing-what = Vielleicht ist die Adresse unvollständig. Über die Liste der Sitzungen finden Sie alles, was da ist.
stale-title = Bitte noch einmal
stale-what = Die Seite war zu lange offen oder wurde von anderswo abgeschickt. Es ist nichts geschehen. Öffnen Sie die Seite neu und versuchen Sie es noch einmal.
refused-title = Das geht jetzt nicht
trouble-title = Das hat gerade nicht geklappt
trouble-what = Der Fehler liegt bei uns, nicht bei Ihnen. Er ist aufgeschrieben. Versuchen Sie es in einer Minute noch einmal. Bleibt es dabei, sagen Sie bitte den Menschen Bescheid, die das Archiv betreuen.
refused-not-yours = Das ist Ihnen nicht erlaubt, oder der genannte Zweck ist abgelaufen. Nennen Sie bei der Aufnahme den Zweck noch einmal.
refused-not-open = Diese Aufnahme kann nicht mehr geändert werden.
refused-gateway-away = Die Telefonanlage antwortet nicht. Versuchen Sie es in einer Minute noch einmal.
refused-record-moved = Die Aufnahme wurde inzwischen schon umgeschaltet. Es ist nichts geschehen.
refused-keys-coming = Für den nächsten Teil werden gerade Schlüssel angelegt. Versuchen Sie es in einer Minute noch einmal.
refused-cannot-record = Es kann gerade nicht aufgenommen werden. Der letzte Teil wird noch geschlossen, oder der Speicher oder die Uhr der Telefonanlage ist gestört. Versuchen Sie es in einer Minute noch einmal.
refused-nobody = Es ist niemand mehr in der Sitzung. Es ist nichts geschehen.
refused-seat-left = Diese Person ist nicht mehr in der Sitzung. Es ist nichts geschehen.
back-to-meetings = Zu den Sitzungen
