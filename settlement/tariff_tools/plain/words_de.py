"""The wordings of plain German: one template a key.

Rule: words only, with the keys and placeholders of every other language; when a wording is used
is decided in `sentences`, `conditions`, `rows` and the pictures.
"""

WORDS = {
    # amounts
    "money": "{amount} {currency}",
    "money_bare": "{amount}",
    "price_energy": "{money} pro kWh",
    "price_hour": "{money} pro Stunde",
    "price_minute": "{money} pro Minute",
    "price_session": "einmalig {money} pro Ladevorgang",
    "price_once": "einmalig {money}",
    "credit": "Gutschrift: {price}",
    "while_charging": "{price}, solange geladen wird",
    "while_parked": "{price}, solange nicht geladen wird",
    "with_step": "{price}, abgerechnet in Schritten von {step}",
    "all_with_step": "{cases}; abgerechnet in Schritten von {step}",
    "plus_vat": "{price} zuzüglich {rate} Mehrwertsteuer",
    "with_vat": "{price} einschließlich {rate} Mehrwertsteuer",
    "without_vat": "{price} (ohne Angabe der Mehrwertsteuer)",
    # one case of several
    "case": "{when}: {price}",
    "otherwise": "sonst {price}",
    "otherwise_case": "sonst {when}: {price}",
    "no_reading": "kostenlos, wo Leistung oder Stromstärke nicht bekannt ist",
    "free": "kostenlos",
    "free_ENERGY": "der Strom ist kostenlos",
    "free_TIME": "die Ladezeit ist kostenlos",
    "free_PARKING_TIME": "das Parken ist kostenlos",
    "free_FLAT": "keine Gebühr",
    "otherwise_free": "sonst kostenlos",
    "otherwise_free_ENERGY": "sonst ist der Strom kostenlos",
    "otherwise_free_TIME": "sonst ist die Ladezeit kostenlos",
    "otherwise_free_PARKING_TIME": "sonst ist das Parken kostenlos",
    "otherwise_free_FLAT": "sonst keine Gebühr",
    # when
    "window": "{start}\N{EN DASH}{end} Uhr",
    "window_over_midnight": "00:00\N{EN DASH}{end} und {start}\N{EN DASH}24:00 Uhr",
    "days_and_window": "{days}, {window}",
    "dates": "{first} bis {last}",
    "dates_from": "ab {first}",
    "dates_until": "bis einschließlich {last}",
    "date": "am {first}",
    "kwh_from": "nach den ersten {low} kWh",
    "kwh_until": "für die ersten {high} kWh",
    "kwh_between": "von {low} bis {high} kWh",
    "from_nth_hour": "ab der {ordinal} Stunde des Ladevorgangs",
    "duration_from": "nach den ersten {low} des Ladevorgangs",
    "duration_until": "in den ersten {high} des Ladevorgangs",
    "first_hour": "in der ersten Stunde des Ladevorgangs",
    "duration_between": "zwischen {low} und {high} nach Beginn",
    "reading_from": "bei mindestens {low}",
    "reading_until": "bei weniger als {high}",
    "reading_between": "bei {low} bis unter {high}",
    "of_all_phases": "{condition} (Summe aller Phasen)",
    "hours": "{number} Stunden",
    "minutes": "{number} Minuten",
    "seconds": "{number} Sekunden",
    "or": "{first} und {last}",
    # reservations
    "reserved_FLAT": "Reservierungsgebühr: {cases}",
    "reserved_TIME": "Reservierte Zeit: {cases}",
    "expired_FLAT": "Gebühr für eine ungenutzt verfallene Reservierung: {cases}",
    "expired_TIME": "Reservierte Zeit einer ungenutzt verfallenen Reservierung: {cases}",
    # the whole tariff
    "all_free": "Das Laden ist kostenlos",
    "nothing_for": "Nicht berechnet: {dimensions}",
    "name_FLAT": "Startgebühr",
    "name_ENERGY": "Strom",
    "name_TIME": "Ladezeit",
    "name_PARKING_TIME": "Parken",
    "not_priced_types": (
        "Nicht berechnet, denn OCPI kennt keinen Preisbestandteil dieser Art: {types}"
    ),
    "one_fee": (
        "Von diesen Gebühren fällt nur eine an: die erste, die während des Ladevorgangs gilt"
    ),
    "steps_total": "Energie und Zeit eines Ladevorgangs werden einmal, am Ende, aufgerundet",
    "steps_last": "Maßgeblich ist der Schritt des zuletzt geltenden Preises",
    "steps_parking": "Wird Parken berechnet, so wird nur die Parkzeit aufgerundet",
    "at_least": "Mindestens {money} pro Ladevorgang",
    "at_least_before": "Mindestens {money} pro Ladevorgang vor Mehrwertsteuer",
    "at_least_after": "Mindestens {money} pro Ladevorgang einschließlich Mehrwertsteuer",
    "at_least_both": (
        "Mindestens {before} pro Ladevorgang vor Mehrwertsteuer, {after} mit Mehrwertsteuer"
    ),
    "at_most": "Höchstens {money} pro Ladevorgang",
    "at_most_before": "Höchstens {money} pro Ladevorgang vor Mehrwertsteuer",
    "at_most_after": "Höchstens {money} pro Ladevorgang einschließlich Mehrwertsteuer",
    "at_most_both": (
        "Höchstens {before} pro Ladevorgang vor Mehrwertsteuer, {after} mit Mehrwertsteuer"
    ),
    "vat_on_top": "Hinzu kommen {rate} Mehrwertsteuer",
    "vat_included": "Die Preise enthalten {rate} Mehrwertsteuer",
    "vat_zero": "Der Mehrwertsteuersatz beträgt 0 %: Es kommt nichts hinzu",
    "vat_not_stated": "Der Tarif nennt keinen Mehrwertsteuersatz, also kommt keine hinzu",
    "vat_not_in_version": (
        "Die Preise verstehen sich vor Mehrwertsteuer; OCPI 2.1.1 nennt den Satz nicht"
    ),
    "no_power_in_version": (
        "CDRs nach OCPI 2.1.1 nennen die Leistung nicht: Preise nach Leistung zählen nicht"
    ),
    "taxes_on_top": (
        "Steuern können hinzukommen; der Tarif nennt keinen Satz, daher sind hier keine berechnet"
    ),
    "taxes_included": "Die Preise enthalten Steuern; den Satz nennt der Tarif nicht",
    "no_taxes": "Es fallen keine Steuern an",
    "currency_unknown": "unbekannter Währung",
    "no_currency": "Der Tarif nennt keine Währung",
    "type_AD_HOC_PAYMENT": "Für Zahlung vor Ort, ohne Vertrag",
    "type_PROFILE_CHEAP": "Für Ladevorgänge, die möglichst günstig sein sollen",
    "type_PROFILE_FAST": "Für Ladevorgänge, die möglichst schnell gehen sollen",
    "type_PROFILE_GREEN": "Für Ladevorgänge mit möglichst viel Ökostrom",
    "type_REGULAR": "Für das Laden mit Vertrag, ohne besonderen Ladewunsch",
    "valid_from": "Für Ladevorgänge, die ab dem {start} beginnen",
    "valid_until": "Für Ladevorgänge, die vor dem {end} beginnen",
    "valid_between": "Für Ladevorgänge, die ab dem {start} und vor dem {end} beginnen",
    "instant": "{date}, {clock} Uhr (UTC)",
    "operator_says": "Der Betreiber schreibt: „{text}“",
    "more_at": "Mehr unter {url}",
    # the table
    "always": "immer",
    "never": "nie: ein früheres Element geht immer vor, oder es kann nicht gelten",
    "not_priced": "nie: OCPI kennt keinen Preisbestandteil dieser Art, er wird nicht berechnet",
    "crossed": "höchstens in einem Abschnitt mit Messwerten unter {high} und ab {low}",
    "while_reserved": "{when}, solange reserviert ist",
    "while_expired": "{when}, für eine ungenutzt verfallene Reservierung",
    "head_element": "Element",
    "head_when": "wann",
    "head_dimension": "wofür",
    "head_price": "Preis",
    "head_unit": "Einheit",
    "head_step": "Schritt",
    "head_vat": "MwSt.",
    "dimension_ENERGY": "Strom",
    "dimension_TIME": "Ladezeit",
    "dimension_PARKING_TIME": "Parken",
    "dimension_FLAT": "Gebühr",
    "dimension_RESERVED": "reservierte Zeit",
    "unit_ENERGY": "kWh",
    "unit_TIME": "Stunde",
    "unit_TIME_by_minute": "Stunde ({price})",
    "unit_FLAT": "einmalig",
    "unknown": "keine Angabe",
    # the curves
    "title": "Tarif {name}",
    "costs": (
        "Ein gewöhnlicher Ladevorgang (Dienstag 10:00 Uhr, 2 h mit 15 kW, dann 1 h geparkt) "
        "kostet {money}"
    ),
    "costs_with_vat": (
        "Ein gewöhnlicher Ladevorgang (Dienstag 10:00 Uhr, 2 h mit 15 kW, dann 1 h geparkt) "
        "kostet {money} einschließlich Mehrwertsteuer"
    ),
    "costs_nothing_known": "Für einen gewöhnlichen Ladevorgang lässt sich kein Preis berechnen",
    "curve_energy": "Preis über der Energie, bei 15 kW",
    "curve_time": "Preis über der Zeit, geparkt ab 2 h",
    "axis_energy": "Energie in kWh",
    "axis_time": "Zeit in Stunden",
    "axis_price": "Preis in {currency}",
    "axis_price_with_vat": "Preis in {currency} einschließlich Mehrwertsteuer",
    "figure": "{title}: was ein gewöhnlicher Ladevorgang kostet",
}
