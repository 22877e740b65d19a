"""The donor view as a table and as a section of the summary: who lends, and what it leaves."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optimizer.judges.donors import Service, command_service, home_of_loan
from optimizer.judges.loan_times import loan_times
from optimizer.plan import Loan, Roster
from optimizer.staffing_input import StaffingProblem
from scenarios.donors import Lending
from scenarios.headline import shown
from scenarios.world import World

AROUND_H = 2
"""Hours before and after a loan that are told beside it."""

LISTED = 10
"""Lenders in the summary's table, those of the most officer-hours first."""


def donors_frame(
    world: World, problem: StaffingProblem, roster: Roster, lending: Lending | None
) -> pd.DataFrame:
    """One row a loan: who goes where from when to when, and the lender's service around it."""
    situation, commands = world.situation, world.situation.area.commands
    horizon, stations = situation.horizon, situation.stations
    prices = {price.district: price for price in lending.prices} if lending else {}
    rows = []
    for loan in roster.loans if lending else ():
        instance = roster.instances[loan.instance]
        home = home_of_loan(problem, roster, loan)
        rows.append(
            (
                commands[loan.from_district],
                "" if home is None else stations.place_ids[home],
                commands[loan.to_district],
                loan.force_id,
                instance.shift.shift_id,
                horizon.at(instance.start_h).isoformat(),
                horizon.at(instance.end_h).isoformat(),
                loan.officers,
                round(loan_times(problem, loan).there_min, 1),
                *_service_around(world, roster, loan, lending),
                round(prices[loan.from_district].floor, 4),
                round(prices[loan.from_district].share, 4),
            )
        )
    columns = (
        "from_command from_station_id to_command force_id shift_id start end officers way_min "
        "covered_before covered_during covered_after covered_at_home "
        "p90_before_min p90_during_min p90_after_min p90_at_home_min "
        "floor_price share_price"
    )
    return pd.DataFrame(rows, columns=columns.split())


def _service_around(
    world: World, roster: Roster, loan: Loan, lending: Lending | None
) -> tuple[float, ...]:
    """Coverage, then P90, of the lender before, during and after a loan, and with it at home."""
    if lending is None:
        return ()
    hours = np.arange(world.situation.horizon.hours)
    instance = roster.instances[loan.instance]
    start, end = instance.start_h, instance.end_h
    windows = (
        (lending.evaluation, (start - AROUND_H <= hours) & (hours < start)),
        (lending.evaluation, (start <= hours) & (hours < end)),
        (lending.evaluation, (end <= hours) & (hours < end + AROUND_H)),
        (lending.at_home, (start <= hours) & (hours < end)),
    )
    found = [
        command_service(world.situation, judged, loan.from_district, inside)
        for judged, inside in windows
    ]
    return (
        *(round(service.covered, 6) for service in found),
        *(round(service.p90_min, 6) for service in found),
    )


def donors_text(
    world: World, problem: StaffingProblem, roster: Roster, lending: Lending | None
) -> str:
    """Section of the summary: what lending costs at home; empty when nobody lends."""
    if lending is None:
        return ""
    rows = [
        "## What lending costs at home",
        "",
        "Coverage and P90 of the lender's own calls in the hours in which it lends; in brackets "
        "with all lent officers at home besides, each crew where it saves most and nobody else "
        "changed. The floor's price is what one more officer lent would buy if the donor floor "
        "let them go, the share's likewise (weighted call-minutes, 0 where it keeps nobody from "
        "going). `donors.csv` has every loan with the hours before and after.",
        "",
        "| lender | most people away | officer-hours | to | coverage | P90 min | floor's price | "
        "share's price |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lent = {
        price.district: _lent_hours(problem, roster, price.district) for price in lending.prices
    }
    ranked = sorted(lending.prices, key=lambda price: (-lent[price.district].sum(), price.district))
    for price in ranked[:LISTED]:
        away = lent[price.district]
        kept, home = (
            command_service(world.situation, judged, price.district, away > 0)
            for judged in (lending.evaluation, lending.at_home)
        )
        rows.append(
            f"| {world.situation.area.commands[price.district]} | {away.max():,} | "
            f"{away.sum():,} | {_borrowers(world, roster, price.district)} | "
            f"{_beside(kept, home)} | {price.floor:.2f} | {price.share:.2f} |"
        )
    if len(ranked) > LISTED:
        rows += ["", f"{len(ranked) - LISTED} more lenders: `donors.csv`."]
    return "\n".join(rows)


def _lent_hours(problem: StaffingProblem, roster: Roster, lender: int) -> NDArray[np.int64]:
    """Officers of a lender who are away, `[hour]`."""
    away = np.zeros(problem.horizon_hours, dtype=np.int64)
    for loan in roster.loans:
        if loan.from_district == lender:
            away += loan.officers * roster.instances[loan.instance].on_duty(problem.horizon_hours)
    return away


def _borrowers(world: World, roster: Roster, lender: int) -> str:
    """The districts that borrow, those of most officers first."""
    officers: dict[int, int] = {}
    for loan in roster.loans:
        if loan.from_district == lender:
            officers[loan.to_district] = officers.get(loan.to_district, 0) + loan.officers
    ranked = sorted(officers, key=lambda district: (-officers[district], district))
    return ", ".join(
        f"{world.situation.area.commands[district]} {officers[district]:,}" for district in ranked
    )


def _beside(kept: Service, home: Service) -> str:
    """Coverage and P90 as two cells, at home in brackets."""
    return (
        f"{shown(kept.covered, '.1%')} ({shown(home.covered, '.1%')}) | "
        f"{shown(kept.p90_min, '.1f')} ({shown(home.p90_min, '.1f')})"
    )
