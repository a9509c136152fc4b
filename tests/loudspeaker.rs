//! A telephone that plays the room into its own microphone.
//!
//! Not here: how loud an echo may be and how late (the units of `tap`).

use crate::support::ears::Person::{Anna, Bert};
use crate::support::house::House;
use crate::support::phone::Phone;

#[test]
fn a_loudspeaker_does_not_bring_the_refuser_into_the_recording() {
    let house = House::open();
    let mut anna = Phone::calls_with(&house, Anna, &["--loop-back"]);
    anna.arrives(&house);
    anna.agrees(&house);
    let mut bert = Phone::calls(&house, Bert);
    bert.arrives(&house);
    bert.refuses(&house);

    anna.speaks();
    bert.hears(Anna);
    let said = anna.falls_silent();
    bert.speaks();
    anna.hears(Bert);
    // The loudspeaker is real: Bert hears himself come back through Anna's telephone.
    bert.hears(Bert);
    anna.listens(2);
    bert.falls_silent();
    anna.does_not_hear(Bert, 2);

    anna.hangs_up();
    bert.hangs_up();
    house.await_handed_over();
    let export = house.export("kopie");
    export.all().assert_with(Anna, said - 1.0, "the recording");
    export.all().assert_without(Bert, "the recording, through a loudspeaker");
}
