module Mne.Functional.Tests.Reporting.FormatTests

open System
open System.Globalization
open Expecto
open FsCheck
open Mne.Functional.Reporting
open Mne.Functional.Tests

[<Tests>]
let tests =
    testList
        "Reporting.Format"
        [
            testTheory
                "numbers have three significant digits"
                [
                    0.0, "0"
                    0.9951, "0.995"
                    -0.5, "-0.5"
                    214.0, "214"
                    999.6, "1000"
                    12345.6, "12346"
                    0.01, "0.01"
                    2.94e-5, "2.94e-5"
                    1e-3, "1e-3"
                    6.02e23, "6.02e23"
                    nan, "–"
                    infinity, "∞"
                    -infinity, "−∞"
                ]
            <| fun (value, expected) -> Expect.equal (Format.number value) expected $"{value}"

            Check.property "a formatted number reads back as the number, to half a percent"
            <| fun (NormalFloat value) ->
                let back = Double.Parse(Format.number value, CultureInfo.InvariantCulture)
                abs (back - value) <= 0.0051 * abs value

            testTheory
                "durations have at most two units"
                [
                    0.04, "0.0 s"
                    9.94, "9.9 s"
                    9.96, "10 s"
                    59.4, "59 s"
                    59.6, "1 min 00 s"
                    185.0, "3 min 05 s"
                    3599.7, "1 h 00 min"
                    7800.0, "2 h 10 min"
                ]
            <| fun (seconds, expected) ->
                Expect.equal (Format.duration (TimeSpan.FromSeconds seconds)) expected $"{seconds} s"
        ]
