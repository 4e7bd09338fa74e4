"""Whom the scenarios play."""

AUTHORS = """
    select p.author_id
    from (
        select m.user_id, count(*) as places from public.collective_members as m
        where m.can_post group by m.user_id order by count(*) desc, m.user_id limit 1000
    ) as most
    inner join public.posts as p on p.author_id = most.user_id
    group by p.author_id, most.places order by most.places desc, p.author_id limit 200
"""
"""Authors, those who may post in the most collectives first."""
