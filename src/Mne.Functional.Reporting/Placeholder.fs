module internal Mne.Functional.Reporting.Placeholder
