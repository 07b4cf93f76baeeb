"""What real ECS and Route 53 do and the emulator leaves out: service discovery.

The agent keeps Cloud Map in step with ECS's running tasks, the DNS server answers from
Cloud Map. Both know AWS's API alone, so they would work against any emulator.
"""
