# Texts of the desk, English. The German counterpart is de.ftl; both have the same keys.
# Plain words, one instruction a sentence.
# One word for one thing, on the telephone too (gateway/prompts): minutes; consent, and as a deed to agree; recording;
# meeting; seat; receipt; key, hash key, star key; to pause the recording (not to interrupt); to lock and unlock the
# meeting (on the telephone: to open it again); a voice is erased when somebody asks for it, a whole recording is
# destroyed at the end of its term (on the telephone both are called deleting).

desk-name = Amtsleitung
desk-what = Telephone line and archive for meetings
desk-skip = Skip to content
desk-nav = Main menu
desk-nav-meetings = Meetings
desk-language = Deutsch
desk-language-label = Diese Seite auf Deutsch zeigen
desk-licences = Licences
desk-leave = Sign out

# Days and times
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
day = { $day } { $month } { $year }
day-and-time = { $day } { $month } { $year }, { $hour }:{ $minute }
hour-and-minute = { $hour }:{ $minute }

# Seats
seat = Telephone { $seat }
seats-nobody = Nobody is here at the moment.
seats-now = { $count ->
    [one] One person is here.
   *[other] { $count } people are here.
}
seats-recorded = { $count ->
    [0] Nobody is being recorded.
    [one] One person is being recorded.
   *[other] { $count } people are being recorded.
}
seat-head = Seat
seat-where = Where
seat-record = Recording
seat-arriving = arriving
seat-in-room = in the room
seat-muted = muted
seat-hand = hand up (place { $place })
seat-help = asks for help
seat-member = { $who } (member)
seat-chair = { $who } (chair)
seat-recorded = being recorded
seat-not-recorded = not recorded
seat-do = What you can do
seat-mute = Mute
seat-mute-label = Mute { $who }
seat-mute-hint = Whoever is muted still hears everything. Only they themselves can switch their microphone on again: with the star key and 6.
seat-shared = several people speak
seat-share = Several people speak
seat-share-label = Several people speak through { $who }: do not record
seat-alone = One person only
seat-alone-label = Only one person speaks through { $who } now: ask again
seat-share-hint = Where several people speak through one telephone, nothing more is recorded from it. When it is one person again, they are asked anew.
seat-dismiss = End the call
seat-dismiss-label = End the call of { $who }

# Page: meetings
meetings-title = Meetings
meetings-none = No meeting has been set up yet.
meetings-gateway-away = The telephone system does not answer at the moment. Calls and recordings in progress go on without it. This page tries again by itself.
meeting-name = Meeting { $number }
meeting-running = in progress
meeting-idle = nobody here
meeting-seats-table = Who is in meeting { $number }
meeting-open = Follow the meeting
meeting-open-label = Follow meeting { $number }
meeting-end = End the meeting
meeting-keys-low = { $count ->
    [0] No key for new voices is left. The archive makes new ones by itself.
    [one] Only one key for new voices is left. The archive makes new ones by itself.
   *[other] Only { $count } keys for new voices are left. The archive makes new ones by itself.
}
recordings-title = Recordings
recordings-none = No recording yet. It appears here as soon as somebody calls and agrees to be recorded.
recording-name = Recording of { $when }
recording-count = { $count ->
    [0] No voice
    [one] One voice
   *[other] { $count } voices
}

# State of a recording, in short
state-running = still running
state-kept = kept
state-approved = minutes approved
state-destroying = being destroyed
state-destroyed = destroyed

# Page: one meeting while it is being held
live-reload = Reload this page
live-stale = This page gets no news at the moment. What it says may be out of date. It tries again by itself.
help-wanted = { $who } asks for help. Please speak to them.
help-done = Done
help-done-label = The call for help of { $who } is seen to
record-failing = Nothing is being recorded at the moment. The disk of the telephone system is full or in trouble. The calls go on. Please tell the people who look after the telephone system.
record-title = Recording
record-on = on
record-on-what = Whoever agreed is being recorded. Nobody else is.
record-trouble = in trouble
record-trouble-what = The recording is switched on, but nothing is being recorded.
record-paused = paused
record-paused-chair = The chair has paused the recording. Nobody is being recorded.
record-paused-member = A member demanded that the recording be paused. Nobody is being recorded.
record-paused-desk = The recording was paused here at the desk. Nobody is being recorded.
record-paused-restart = The telephone system was started again. That is why the recording is paused. Nobody is being recorded.
record-off = off
record-off-what = Nobody is being recorded. When the recording begins, everybody is asked one by one.
record-pause = Pause the recording
record-resume = Resume the recording
record-start = Begin the recording
record-close = Close this part
record-close-hint = Before a part that is not public, close this part. Then nothing more is recorded.
record-word = Begin or resume only if the chair says so.
agenda-title = Agenda
agenda-now = Now: agenda item { $item }
agenda-none = No agenda item is chosen. Whoever asks for it on the telephone is told so.
agenda-next = On to agenda item { $item }
agenda-other = Choose another agenda item
agenda-number = Number of the agenda item (1 to 999)
agenda-set = Apply
agenda-unset = Choose no agenda item
agenda-missing = Please enter a number from 1 to 999.
hands-title = Raised hands
hands-none = No hand is raised.
hands-call = Call { $who }
who-title = Who is here
locked = The meeting is locked
lock = Lock the meeting
unlock = Unlock the meeting
mute-all = Mute everybody

# What was just done
done-at = { $time }: { $what }
done-started = You switched the recording on. Everybody hears that.
done-paused = You paused the recording. Everybody hears that.
done-closed = You closed this part. The calls go on.
done-locked = You locked the meeting.
done-unlocked = You unlocked the meeting.
done-agenda = The meeting is at agenda item { $item } now.
done-no-agenda = The meeting is at no agenda item any more.
done-floor = You called { $who }.
done-no-hand = No hand was up any more.
done-helped = The call for help of { $who } is seen to.
done-muted = You muted { $who }.
done-all-muted = You muted everybody but the chair.
done-shared = Several people speak through { $who }. Nothing more is recorded from this seat.
done-alone = One person speaks through { $who }. They are asked anew now.
done-dismissed = You ended the call of { $who }.

# Questions before something is done
ask-start-title = Resume the recording?
ask-start-what = A member demanded that the recording be paused. Resume it only if the chair has said so.
ask-start-yes = Yes, resume the recording
ask-close-title = Close this part of the meeting?
ask-close-what = The recording of this part ends, and every consent with it. The calls go on. This cannot be undone. If the recording begins again later, everybody is asked anew.
ask-close-yes = Yes, close this part
ask-lock-title = Lock the meeting?
ask-lock-what = Whoever calls now is not let in any more. Nor is anybody whose line breaks; only the chair is. You can unlock the meeting at any time.
ask-lock-yes = Yes, lock the meeting
ask-mute-all-title = Mute everybody?
ask-mute-all-what = Nobody but the chair is heard then. Everybody can switch their own microphone on again. You cannot do that for them.
ask-mute-all-yes = Yes, mute everybody
ask-dismiss-title = End the call of { $who }?
ask-dismiss-what = They hear a goodbye. Then their call ends. They can call again as long as the meeting is not locked.
ask-dismiss-yes = Yes, end the call

# Page: end the meeting
end-title = End meeting { $number }?
end-what = All callers hear a goodbye. Then their call ends. The recording is closed and goes to the archive.
end-who = { $count ->
    [0] Nobody is in the meeting at the moment.
    [one] One person is in the meeting at the moment.
   *[other] { $count } people are in the meeting at the moment.
}
end-yes = Yes, end the meeting now
end-no = No, go back
end-done = Meeting { $number } has ended.

# Page: recording
recording-title = Recording of { $when }
recording-of = Meeting { $number }
recording-back = Back to the meetings
recording-state-running = The meeting is still running. The recording is taken into the archive as it goes. Reload the page to hear what is new.
recording-state-kept = The recording is kept until the minutes are approved, and for three whole days after that. It is destroyed on the fourth day, and on { $day } at the latest.
recording-state-approved = The minutes were approved on { $approved }. The recording is destroyed on { $day }.
recording-state-destroying = The recording is being destroyed. It can no longer be heard.
recording-state-destroyed = The recording was destroyed on { $day }. It can no longer be heard.

listen-title = Listen
listen-why = What do you want to listen for?
listen-why-hint = The purpose is written down before the first sound is heard. Listen only to what you need for this purpose.
listen-start = Note the purpose and listen
listen-missing = Please choose a purpose first.
listen-nothing = There is nothing to hear: nobody agreed to be recorded, or all voices have been erased.
listen-purpose = Purpose: { $purpose }
listen-until = For this purpose you can listen until { $when }. After that you are asked again.
listen-voices = Whom do you want to hear?
listen-all = All voices
listen-player = Sound of the recording: { $voice }
listen-length = Length: { $length }
listen-keys = Keys: space plays and pauses. Arrow left and arrow right jump five seconds. Home jumps to the beginning.
listen-back = 10 seconds back
listen-forward = 10 seconds ahead
listen-speed = Speed
listen-speed-slow = slow
listen-speed-normal = normal
listen-speed-fast = fast
listen-trouble = This part of the recording cannot be read at the moment. Please reload the page.
listen-locked = The archive is locked, so nobody can listen to the recording at the moment. Please tell the people who look after the archive.
purpose-minutes = Write the minutes
purpose-objection = Check an objection to the minutes
purpose-request = Tell a person what data is held about them
purpose-check = Check that the technology works well

stretch-title = What was not recorded
stretch-hint = Something is missing in these places. Who spoke off the record is not stored anywhere.
stretch-off-record = with contributions off record
stretch-erased = Gap: a voice was erased
stretch-paused = Recording paused
stretch-gap = Gap: { $reason }
stretch-from-until = { $from } to { $until }
stretch-none = No gaps: everybody in the room had agreed to this recording.
stretch-error = Between two parts of this recording the time may be off by up to { $ms } milliseconds.
gap-ring-full = The computer was overloaded
gap-hold = Call on hold
gap-disk = The disk was full or failing
gap-no-keys = Keys were missing
gap-state-unknown = Unclear whether recording was allowed
gap-interrupted = The telephone system was interrupted

approve-title = Minutes
approve-what = Have the minutes been approved? The recording is then kept for three more whole days. It is destroyed on { $day }.
approve-revocable = Until then you can take this back.
approve-do = Minutes approved
approve-undo = Take the approval back
approve-running = While the meeting is running the minutes cannot be approved.

facts-title = About this recording
facts-number = Meeting number
facts-began = Beginning
facts-ended = End
facts-length = Length
facts-voices = Recorded voices
facts-rule = Retention rule
facts-destroy = Is destroyed
facts-destroy-latest = on { $day } at the latest
facts-destroy-on = on { $day }
facts-destroy-done = destroyed on { $day }
facts-exports = Copies given out
facts-id = Identifier
rule-until-approval = Until the minutes are approved and three whole days after that, but no longer than six months after the meeting
rule-other = { $rule }

consent-title = Consent
consent-hint = Decisions are counted, not people. Numbers and names are not stored.
consent-given = agreed
consent-refused = refused
consent-timed-out = no answer (counts as refused)
consent-withdrawn = taken back
consent-count-head = Count
consent-kind-head = Decision

# Page: proof of destruction
proof-link = See the proof of destruction
proof-title = Proof of destruction
proof-what = This recording has been destroyed. The proof lists which stores were emptied and checked. It is signed and can be checked without the archive.
proof-limit = The proof covers the stores this system knows. Copies that somebody gave out are counted, but not destroyed.
proof-of = Proof for the recording of { $when }
proof-facts = What the proof says
proof-when = Destroyed
proof-keys = Keys destroyed
proof-objects = Files removed from the store
proof-stores = Store emptied and checked
proof-spools = Temporary stores of the telephone systems
proof-spools-are = { $seen } empty, { $other } not seen
proof-key = Key of the signature
proof-exports = Copies given out before
proof-backups = Backups
proof-backups-none = This system makes none.
proof-download = Download the proof
proof-check = How to check the proof
proof-check-how = Download the proof. Check it on any computer with this command:
proof-raw = The proof, word for word
proof-none-title = No proof of destruction yet
proof-back = To the recording
proof-none = There is no proof of destruction for this recording yet. It is made when the recording is destroyed.

# Kind answers
door-title = Please sign in
door-what = This page is only for people who have signed in.
door-how = Open the sign-in link. You find it where the archive was started. Each link works once. A new one appears at each start.
used-title = This link has been used
used-what = A sign-in link works only once, so that nobody else can use it.
used-how = Are you already signed in with this browser? Then go on below. If not, you need a new link. One appears when the archive is started again.
used-on = To the meetings
enter-title = You are signed in
enter-do = On to the meetings
left-title = You are signed out
left-what = You can close this window.
missing-title = There is no such page
missing-what = The address may be incomplete. The list of meetings leads to everything there is.
stale-title = Once more, please
stale-what = The page was open for too long or was sent from elsewhere. Nothing has happened. Open the page again and try once more.
refused-title = That is not possible now
trouble-title = That did not work just now
trouble-what = The fault is ours, not yours. It has been noted. Try again in a minute. If it happens again, please tell the people who look after the archive.
refused-not-yours = You may not do this, or the purpose you named has run out. Name the purpose again at the recording.
refused-not-open = This recording can no longer be changed.
refused-gateway-away = The telephone system does not answer. Try again in a minute.
refused-record-moved = The recording has been switched in the meantime. Nothing was done.
refused-keys-coming = Keys for the next part are being made. Try again in a minute.
refused-cannot-record = Nothing can be recorded at the moment. The last part is still being closed, or the disk or the clock of the telephone system is in trouble. Try again in a minute.
refused-nobody = Nobody is in the meeting any more. Nothing was done.
refused-seat-left = This person is no longer in the meeting. Nothing was done.
back-to-meetings = To the meetings
