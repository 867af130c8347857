"""What the arrays of a timeline are: its steps, each of which stands for `weight_h` hours, and outages one by one."""

from __future__ import annotations

from gigawatt.programme.declared import declared

STEPS = declared(
    stock_count=("time pair", "racks", "racks in service"),
    up_count=("time pair", "racks", "racks that may work"),
    down_count=("time pair", "racks", "racks that are out"),
    degraded_count=("time pair", "racks", "racks that work with less than all packages"),
    busy_count=("time pair", "racks", "racks that do work"),
    draw_w=("time pair", "W", "IT power that is drawn"),
    failures_count=("time kind", "faults", "faults in an hour of the step"),
    it_w=("time site", "W", "IT power that is drawn"),
    facility_w=("time site", "W", "facility power that is drawn"),
    grid_w=("time site", "W", "power taken from the grid, what storage takes and gives in it"),
    stored_wh=("time site", "Wh", "energy in storage at the end of the step"),
    pue_ratio=("time site", "1", "facility over IT power"),
    water_l=("time site", "l/h", "water that cooling takes in an hour"),
    carbon_kg=("time site", "kg/h", "carbon dioxide of the grid's energy in an hour"),
    price_usd_per_wh=("time site", "USD/Wh", "price of the grid's energy"),
    curtailed_w=("time site", "W", "power that work gave up to a limit"),
    demand_tokens_per_s=("time use_case", "tokens/s", "output tokens that are asked for"),
    served_tokens_per_s=("time pair use_case", "tokens/s", "output tokens that are served"),
    train_flops=("time run", "FLOP/s", "useful operations of a training run"),
    research_flops=("time experiment", "FLOP/s", "useful operations of experiments"),
)
OUTAGES = declared(
    moment=("outage", "UTC", "when the fault happened"),
    pair=("outage", "1", "place of the site and platform among `pair_name`"),
    kind=("outage", "1", "place of the kind of fault among `kind_name`"),
    rack=("outage", "1", "number of the rack among those of its pair"),
    wait_h=("outage", "h", "time until mending began"),
    outage_h=("outage", "h", "time until the rack worked again"),
)
