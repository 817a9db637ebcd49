//! The units the bus knows by name, with their codes in SenML, UCUM and QUDT.

use crate::{nearest, text};

/// A unit of the registry.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    symbol: &'static str,
    ucum: &'static str,
    qudt: &'static str,
    senml: &'static str,
    english: &'static str,
    french: &'static str,
    aliases: &'static [&'static str],
    definition: &'static str,
}

const QUDT: &str = "http://qudt.org/vocab/unit/";

impl Known {
    const fn of(symbol: &'static str, ucum: &'static str, qudt: &'static str, senml: &'static str) -> Self {
        Self { symbol, ucum, qudt, senml, english: "", french: "", aliases: &[], definition: ucum }
    }

    const fn called(
        self,
        english: &'static str,
        french: &'static str,
        aliases: &'static [&'static str],
    ) -> Self {
        Self { english, french, aliases, ..self }
    }

    /// What it is made of, where its UCUM code does not say it or it has none.
    const fn defined_as(self, definition: &'static str) -> Self {
        Self { definition, ..self }
    }

    /// The sign people write: `kWh`, `°C`, `m³`.
    #[must_use]
    pub const fn symbol(&self) -> &'static str {
        self.symbol
    }

    /// The UCUM code (case-sensitive), if it has one.
    #[must_use]
    pub fn ucum(&self) -> Option<&'static str> {
        Some(self.ucum).filter(|code| !code.is_empty())
    }

    /// The name in the QUDT vocabulary of units, such as `KiloW-HR`, if it has one.
    #[must_use]
    pub fn qudt(&self) -> Option<&'static str> {
        Some(self.qudt).filter(|name| !name.is_empty())
    }

    /// The IRI of the unit in QUDT, if it has one.
    #[must_use]
    pub fn qudt_iri(&self) -> Option<String> {
        self.qudt().map(|name| format!("{QUDT}{name}"))
    }

    /// The SenML name (RFC 8428 §12.1, RFC 8798), if it has one.
    #[must_use]
    pub fn senml(&self) -> Option<&'static str> {
        Some(self.senml).filter(|name| !name.is_empty())
    }

    /// The English name.
    #[must_use]
    pub const fn english(&self) -> &'static str {
        self.english
    }

    /// The French name.
    #[must_use]
    pub const fn french(&self) -> &'static str {
        self.french
    }

    pub(super) const fn definition(&self) -> &'static str {
        self.definition
    }

    fn is_called(&self, text: &str) -> bool {
        [self.symbol, self.senml, self.ucum, self.english, self.french].contains(&text)
            || self.aliases.contains(&text)
    }

    fn is_loosely_called(&self, folded: &str) -> bool {
        let names = [self.symbol, self.english, self.french];
        names.iter().chain(self.aliases).any(|name| !name.is_empty() && fold(name) == folded)
    }

    /// The unit of this SenML name.
    #[must_use]
    pub fn of_senml(name: &str) -> Option<&'static Self> {
        KNOWN.iter().find(|known| known.senml() == Some(name))
    }

    /// The unit of this UCUM code.
    #[must_use]
    pub fn of_ucum(code: &str) -> Option<&'static Self> {
        KNOWN.iter().find(|known| known.ucum() == Some(code))
    }

    /// The unit of this QUDT name (`KiloW-HR`), also as IRI or as `unit:KiloW-HR`.
    #[must_use]
    pub fn of_qudt(name: &str) -> Option<&'static Self> {
        let name = name.strip_prefix(QUDT).or_else(|| name.strip_prefix("unit:")).unwrap_or(name);
        KNOWN.iter().find(|known| known.qudt() == Some(name))
    }
}

/// All units of the registry.
#[must_use]
pub fn known() -> &'static [Known] {
    KNOWN
}

/// The unit that is called so, letter by letter; symbols before codes of others.
pub(super) fn find(name: &str) -> Option<&'static Known> {
    if name.is_empty() {
        return None;
    }
    let by_symbol = KNOWN.iter().find(|known| known.symbol == name);
    by_symbol.or_else(|| KNOWN.iter().find(|known| known.is_called(name)))
}

/// The one unit that is called so when case and accents do not count, or in QUDT (whose names are also UCUM
/// codes of other units: `RAD`).
pub(super) fn find_loosely(name: &str) -> Option<&'static Known> {
    if let Some(known) = Known::of_qudt(name) {
        return Some(known);
    }
    let folded = fold(name);
    let mut found = KNOWN.iter().filter(|known| known.is_loosely_called(&folded));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// The name of the registry nearest to one it does not hold.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let names = KNOWN.iter().flat_map(|known| {
        [known.symbol, known.english, known.french].into_iter().filter(|name| !name.is_empty())
    });
    nearest::nearest(name, names)
}

fn fold(name: &str) -> String {
    text::plain(name).to_lowercase()
}

static KNOWN: &[Known] = &[
    Known::of("m", "m", "M", "m").called("metre", "mètre", &["mètres", "metres", "meter"]),
    Known::of("km", "km", "KiloM", "km").called("kilometre", "kilomètre", &[]),
    Known::of("cm", "cm", "CentiM", "cm").called("centimetre", "centimètre", &[]),
    Known::of("mm", "mm", "MilliM", "mm").called("millimetre", "millimètre", &[]),
    Known::of("µm", "um", "MicroM", "").called("micrometre", "micromètre", &["μm"]),
    Known::of("ha", "har", "HA", "").called("hectare", "hectare", &["hectares"]),
    Known::of("m²", "m2", "M2", "m2").called("square metre", "mètre carré", &["m^2"]),
    Known::of("km²", "km2", "KiloM2", "").called("square kilometre", "kilomètre carré", &["km^2"]),
    Known::of("m³", "m3", "M3", "m3").called("cubic metre", "mètre cube", &["m^3"]),
    Known::of("l", "L", "L", "l").called("litre", "litre", &["litres", "liter"]),
    Known::of("hl", "hL", "HectoL", "").called("hectolitre", "hectolitre", &[]),
    Known::of("ml", "mL", "MilliL", "").called("millilitre", "millilitre", &[]),
    Known::of("g", "g", "GM", "g").called("gram", "gramme", &["grammes"]),
    Known::of("kg", "kg", "KiloGM", "kg").called("kilogram", "kilogramme", &[]),
    Known::of("mg", "mg", "MilliGM", "").called("milligram", "milligramme", &[]),
    Known::of("t", "t", "TONNE", "").called("tonne", "tonne", &["tonnes"]),
    Known::of("s", "s", "SEC", "s").called("second", "seconde", &["sec", "secondes", "seconds"]),
    Known::of("ms", "ms", "MilliSEC", "ms").called("millisecond", "milliseconde", &[]),
    Known::of("min", "min", "MIN", "min").called("minute", "minute", &["minutes"]),
    Known::of("h", "h", "HR", "h").called("hour", "heure", &["heures", "hours"]),
    Known::of("d", "d", "DAY", "").called("day", "jour", &["jours", "jour", "days", "day"]),
    Known::of("a", "a", "YR", "").called("year", "an", &["an", "ans", "année"]),
    Known::of("K", "K", "K", "K").called("kelvin", "kelvin", &[]),
    Known::of("°C", "Cel", "DEG_C", "Cel").called("degree Celsius", "degré Celsius", &["degC"]),
    Known::of("°F", "[degF]", "DEG_F", "").called("degree Fahrenheit", "degré Fahrenheit", &["degF"]),
    Known::of("A", "A", "A", "A").called("ampere", "ampère", &[]),
    Known::of("mA", "mA", "MilliA", "mA").called("milliampere", "milliampère", &[]),
    Known::of("V", "V", "V", "V").called("volt", "volt", &["volts"]),
    Known::of("mV", "mV", "MilliV", "mV").called("millivolt", "millivolt", &[]),
    Known::of("kV", "kV", "KiloV", "").called("kilovolt", "kilovolt", &[]),
    Known::of("Ω", "Ohm", "OHM", "Ohm").called("ohm", "ohm", &["ohms"]),
    Known::of("C", "C", "C", "C").called("coulomb", "coulomb", &[]),
    Known::of("Ah", "A.h", "A-HR", "Ah").called("ampere hour", "ampère-heure", &[]),
    Known::of("F", "F", "FARAD", "F").called("farad", "farad", &[]),
    Known::of("S", "S", "S", "S").called("siemens", "siemens", &[]),
    Known::of("S/m", "S/m", "S-PER-M", "S/m").called("siemens per metre", "siemens par mètre", &[]),
    Known::of("Wb", "Wb", "WB", "Wb").called("weber", "weber", &[]),
    Known::of("T", "T", "T", "T").called("tesla", "tesla", &[]),
    Known::of("H", "H", "H", "H").called("henry", "henry", &[]),
    Known::of("Hz", "Hz", "HZ", "Hz").called("hertz", "hertz", &[]),
    Known::of("kHz", "kHz", "KiloHZ", "").called("kilohertz", "kilohertz", &[]),
    Known::of("MHz", "MHz", "MegaHZ", "MHz").called("megahertz", "mégahertz", &[]),
    Known::of("W", "W", "W", "W").called("watt", "watt", &["watts"]),
    Known::of("kW", "kW", "KiloW", "kW").called("kilowatt", "kilowatt", &[]),
    Known::of("MW", "MW", "MegaW", "").called("megawatt", "mégawatt", &[]),
    Known::of("GW", "GW", "GigaW", "").called("gigawatt", "gigawatt", &[]),
    Known::of("VA", "V.A", "VA", "VA").called("volt ampere", "voltampère", &[]).defined_as("VA"),
    Known::of("kVA", "kV.A", "KiloVA", "kVA")
        .called("kilovolt ampere", "kilovoltampère", &[])
        .defined_as("kVA"),
    Known::of("MVA", "MV.A", "MegaVA", "").called("megavolt ampere", "mégavoltampère", &[]).defined_as("MVA"),
    Known::of("var", "V.A{reactive}", "VAR", "var")
        .called("volt ampere reactive", "voltampère réactif", &["VAr", "VAR"])
        .defined_as("var"),
    Known::of("kvar", "kV.A{reactive}", "KiloVAR", "kvar")
        .called("kilovolt ampere reactive", "kilovoltampère réactif", &["kVAr", "kVAR"])
        .defined_as("kvar"),
    Known::of("J", "J", "J", "J").called("joule", "joule", &["joules"]),
    Known::of("kJ", "kJ", "KiloJ", "").called("kilojoule", "kilojoule", &[]),
    Known::of("MJ", "MJ", "MegaJ", "").called("megajoule", "mégajoule", &[]),
    Known::of("GJ", "GJ", "GigaJ", "").called("gigajoule", "gigajoule", &[]),
    Known::of("TJ", "TJ", "TeraJ", "").called("terajoule", "térajoule", &[]),
    Known::of("Wh", "W.h", "W-HR", "Wh").called("watt hour", "wattheure", &["W·h"]),
    Known::of("kWh", "kW.h", "KiloW-HR", "kWh").called("kilowatt hour", "kilowattheure", &["kW·h"]),
    Known::of("MWh", "MW.h", "MegaW-HR", "").called("megawatt hour", "mégawattheure", &["MW·h"]),
    Known::of("GWh", "GW.h", "GigaW-HR", "").called("gigawatt hour", "gigawattheure", &[]),
    Known::of("TWh", "TW.h", "TeraW-HR", "").called("terawatt hour", "térawattheure", &[]),
    Known::of("VAs", "", "", "VAs")
        .called("volt ampere second", "voltampère-seconde", &[])
        .defined_as("VA.s"),
    Known::of("VAh", "V.A.h", "VA-HR", "")
        .called("volt ampere hour", "voltampère-heure", &[])
        .defined_as("VA.h"),
    Known::of("kVAh", "kV.A.h", "KiloVA-HR", "kVAh")
        .called("kilovolt ampere hour", "kilovoltampère-heure", &[])
        .defined_as("kVA.h"),
    Known::of("vars", "V.A{reactive}.s", "", "vars")
        .called("var second", "var-seconde", &[])
        .defined_as("var.s"),
    Known::of("varh", "V.A{reactive}.h", "VAR-HR", "varh")
        .called("var hour", "varheure", &["VArh"])
        .defined_as("var.h"),
    Known::of("kvarh", "kV.A{reactive}.h", "KiloVAR-HR", "kvarh")
        .called("kilovar hour", "kilovarheure", &["kVArh"])
        .defined_as("kvar.h"),
    Known::of("cal", "cal_th", "CAL_TH", "").called("calorie", "calorie", &[]),
    Known::of("Pa", "Pa", "PA", "Pa").called("pascal", "pascal", &[]),
    Known::of("hPa", "hPa", "HectoPA", "hPa").called("hectopascal", "hectopascal", &[]),
    Known::of("kPa", "kPa", "KiloPA", "").called("kilopascal", "kilopascal", &[]),
    Known::of("bar", "bar", "BAR", "").called("bar", "bar", &["bars"]),
    Known::of("mbar", "mbar", "MilliBAR", "").called("millibar", "millibar", &[]),
    Known::of("atm", "atm", "ATM", "").called("standard atmosphere", "atmosphère normale", &[]),
    Known::of("N", "N", "N", "N").called("newton", "newton", &[]),
    Known::of("mol", "mol", "MOL", "mol").called("mole", "mole", &[]),
    Known::of("cd", "cd", "CD", "cd").called("candela", "candela", &[]),
    Known::of("lm", "lm", "LM", "lm").called("lumen", "lumen", &[]),
    Known::of("lx", "lx", "LUX", "lx").called("lux", "lux", &[]),
    Known::of("cd/m²", "cd/m2", "CD-PER-M2", "cd/m2").called(
        "candela per square metre",
        "candela par mètre carré",
        &[],
    ),
    Known::of("rad", "rad", "RAD", "rad").called("radian", "radian", &[]),
    Known::of("sr", "sr", "SR", "sr").called("steradian", "stéradian", &[]),
    Known::of("°", "deg", "DEG", "deg").called("degree", "degré", &["degrés", "degree", "degrees"]),
    Known::of("lat", "deg", "DEG", "lat").called("degrees of latitude", "degrés de latitude", &[]),
    Known::of("lon", "deg", "DEG", "lon").called("degrees of longitude", "degrés de longitude", &[]),
    Known::of("m/s", "m/s", "M-PER-SEC", "m/s").called("metre per second", "mètre par seconde", &[]),
    Known::of("m/s²", "m/s2", "M-PER-SEC2", "m/s2").called(
        "metre per second squared",
        "mètre par seconde carrée",
        &[],
    ),
    Known::of("km/h", "km/h", "KiloM-PER-HR", "km/h").called(
        "kilometre per hour",
        "kilomètre par heure",
        &[],
    ),
    Known::of("m/h", "m/h", "M-PER-HR", "m/h").called("metre per hour", "mètre par heure", &[]),
    Known::of("mm/h", "mm/h", "MilliM-PER-HR", "mm/h").called(
        "millimetre per hour",
        "millimètre par heure",
        &[],
    ),
    Known::of("m³/s", "m3/s", "M3-PER-SEC", "m3/s").called(
        "cubic metre per second",
        "mètre cube par seconde",
        &[],
    ),
    Known::of("m³/h", "m3/h", "M3-PER-HR", "").called("cubic metre per hour", "mètre cube par heure", &[]),
    Known::of("l/s", "L/s", "L-PER-SEC", "l/s").called("litre per second", "litre par seconde", &[]),
    Known::of("l/min", "L/min", "L-PER-MIN", "").called("litre per minute", "litre par minute", &[]),
    Known::of("kg/m³", "kg/m3", "KiloGM-PER-M3", "kg/m3").called(
        "kilogram per cubic metre",
        "kilogramme par mètre cube",
        &[],
    ),
    Known::of("µg/m³", "ug/m3", "MicroGM-PER-M3", "ug/m3").called(
        "microgram per cubic metre",
        "microgramme par mètre cube",
        &[],
    ),
    Known::of("mg/m³", "mg/m3", "MilliGM-PER-M3", "").called(
        "milligram per cubic metre",
        "milligramme par mètre cube",
        &[],
    ),
    Known::of("mg/l", "mg/L", "MilliGM-PER-L", "").called(
        "milligram per litre",
        "milligramme par litre",
        &[],
    ),
    Known::of("W/m²", "W/m2", "W-PER-M2", "W/m2").called(
        "watt per square metre",
        "watt par mètre carré",
        &[],
    ),
    Known::of("kWh/m²", "kW.h/m2", "KiloW-HR-PER-M2", "").called(
        "kilowatt hour per square metre",
        "kilowattheure par mètre carré",
        &[],
    ),
    Known::of("J/m", "J/m", "J-PER-M", "J/m").called("joule per metre", "joule par mètre", &[]),
    Known::of("Wh/km", "", "", "Wh/km")
        .called("watt hour per kilometre", "wattheure par kilomètre", &[])
        .defined_as("W.h/km"),
    Known::of("%", "%", "PERCENT", "%").called("percent", "pour cent", &["pourcent", "percent", "/100"]),
    Known::of("%RH", "", "PERCENT_RH", "%RH")
        .called("percent of relative humidity", "pour cent d’humidité relative", &[])
        .defined_as("%"),
    Known::of("%EL", "", "PERCENT", "%EL")
        .called("percent of battery left", "pour cent de batterie restante", &[])
        .defined_as("%"),
    Known::of("‰", "[ppth]", "PPTH", "/1000").called("per thousand", "pour mille", &[]),
    Known::of("ppm", "[ppm]", "PPM", "ppm").called("parts per million", "parties par million", &[]),
    Known::of("ppb", "[ppb]", "PPB", "ppb").called("parts per billion", "parties par milliard", &[]),
    Known::of("1", "1", "UNITLESS", "/").called("ratio", "rapport", &[]),
    Known::of("count", "", "COUNT", "count").called("count", "nombre", &[]).defined_as("1"),
    Known::of("1/s", "/s", "PER-SEC", "1/s").called("per second", "par seconde", &["s-1"]),
    Known::of("1/min", "/min", "PER-MIN", "1/min").called("per minute", "par minute", &["tr/min", "rpm"]),
    Known::of("beat/min", "", "BEAT-PER-MIN", "beat/min")
        .called("beats per minute", "battements par minute", &["bpm"])
        .defined_as("/min"),
    Known::of("beats", "", "BEAT", "beats").called("beats", "battements", &[]).defined_as("1"),
    Known::of("EL", "", "", "EL")
        .called("seconds of battery left", "secondes de batterie restante", &[])
        .defined_as("s"),
    Known::of("bit", "bit", "BIT", "bit").called("bit", "bit", &["bits"]),
    Known::of("bit/s", "bit/s", "BIT-PER-SEC", "bit/s").called("bit per second", "bit par seconde", &["bps"]),
    Known::of("Mbit/s", "Mbit/s", "MegaBIT-PER-SEC", "Mbit/s").called(
        "megabit per second",
        "mégabit par seconde",
        &["Mbps"],
    ),
    Known::of("B", "By", "BYTE", "B").called("byte", "octet", &["o", "octets", "bytes"]),
    Known::of("KiB", "KiBy", "KibiBYTE", "KiB").called("kibibyte", "kibioctet", &["Kio"]),
    Known::of("kB", "kBy", "KiloBYTE", "").called("kilobyte", "kilooctet", &["ko"]),
    Known::of("MB", "MBy", "MegaBYTE", "").called("megabyte", "mégaoctet", &["Mo"]),
    Known::of("GB", "GBy", "GigaBYTE", "GB").called("gigabyte", "gigaoctet", &["Go"]),
    Known::of("B/s", "By/s", "BYTE-PER-SEC", "B/s").called("byte per second", "octet par seconde", &[]),
    Known::of("MB/s", "MBy/s", "MegaBYTE-PER-SEC", "MB/s").called(
        "megabyte per second",
        "mégaoctet par seconde",
        &[],
    ),
    Known::of("Bq", "Bq", "BQ", "Bq").called("becquerel", "becquerel", &[]),
    Known::of("Gy", "Gy", "GRAY", "Gy").called("gray", "gray", &[]),
    Known::of("Sv", "Sv", "SV", "Sv").called("sievert", "sievert", &[]),
    Known::of("kat", "kat", "KAT", "kat").called("katal", "katal", &[]),
    Known::of("pH", "[pH]", "PH", "pH").called("pH", "pH", &[]).defined_as("pH"),
    Known::of("dB", "dB", "DeciB", "dB").called("decibel", "décibel", &[]).defined_as("dB"),
    Known::of("dBW", "dB[W]", "DeciB-W", "dBW").called("decibel watt", "décibel watt", &[]).defined_as("dBW"),
    Known::of("dBm", "", "DeciB-MilliW", "dBm")
        .called("decibel milliwatt", "décibel milliwatt", &[])
        .defined_as("dBm"),
    Known::of("Bspl", "B[SPL]", "", "Bspl")
        .called("bel of sound pressure", "bel de pression acoustique", &[])
        .defined_as("Bspl"),
    Known::of("NTU", "[NTU]", "NTU", "NTU")
        .called("nephelometric turbidity unit", "unité de turbidité néphélométrique", &[])
        .defined_as("NTU"),
    Known::of("kn", "[kn_i]", "KN", "").called("knot", "nœud", &["nœuds", "knots"]),
    Known::of("mi", "[mi_i]", "MI", "").called("mile", "mille anglais", &["miles"]),
    Known::of("ft", "[ft_i]", "FT", "").called("foot", "pied", &["feet"]),
    Known::of("in", "[in_i]", "IN", "").called("inch", "pouce", &["inches"]),
    Known::of("lb", "[lb_av]", "LB", "").called("pound", "livre", &["lbs"]),
    Known::of("gal", "[gal_us]", "GAL_US", "").called("US gallon", "gallon américain", &[]),
    Known::of("psi", "[psi]", "PSI", "").called("pound per square inch", "livre par pouce carré", &[]),
    Known::of("g/kWh", "g/(kW.h)", "", "").called("gram per kilowatt hour", "gramme par kilowattheure", &[]),
    Known::of("€", "", "CCY_EUR", "").called("euro", "euro", &["EUR", "euro", "euros"]).defined_as("EUR"),
    Known::of("€/kWh", "", "CCY_EUR-PER-KiloW-HR", "")
        .called("euro per kilowatt hour", "euro par kilowattheure", &["EUR/kWh"])
        .defined_as("EUR/(kW.h)"),
    Known::of("€/MWh", "", "", "")
        .called("euro per megawatt hour", "euro par mégawattheure", &["EUR/MWh"])
        .defined_as("EUR/(MW.h)"),
];
